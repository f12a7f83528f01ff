"""SIGKILL at any moment, to the front, to the holder or to a program of the lab: nothing is left behind.

The moments are random; TUNLAB_SEED repeats those of an earlier run, and a failure names the seed.
"""

import os
import random
import select
import signal
import subprocess
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from host_state import changes, processes_with, snapshot

pytestmark = [pytest.mark.needs("sandbox", "tun"), pytest.mark.soak, pytest.mark.alike]

MARK = "TUNLAB_TEST_MARK"
MOMENTS = 500 if os.environ.get("TUNLAB_SOAK") == "1" else 25  # `make test` as root does as many as another user
LATEST = 6.0  # seconds after the start
AT_ONCE = 5
SOON = 0.02  # seconds between two looks for a victim
GONE_WITHIN = 5.0  # seconds after a kill
ENDED_WITHIN = 90.0  # seconds: what is left of a run whose program was killed
KILLED = 128 + signal.SIGKILL


@dataclass(frozen=True, slots=True)
class Moment:
    """Whom to kill, and when."""

    number: int
    victim: str
    after: float
    which: float  # of several programs, from 0 to 1


def children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def is_holder(pid: int) -> bool:
    """Whether a process is PID 1 of a PID namespace inside ours."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
    numbers = next(line for line in status.splitlines() if line.startswith("NSpid:")).split()[1:]
    return len(numbers) > 1 and numbers[-1] == "1"


def victim_of(moment: Moment, front: int) -> int | None:
    """Its pid, or None where there is none yet."""
    if moment.victim == "front":
        return front
    holder = next((child for child in children(front) if is_holder(child)), None)
    if holder is None or moment.victim == "holder":
        return holder
    programs = children(holder)
    return programs[int(moment.which * len(programs))] if programs else None


def outlive(mark: str, seconds: float) -> list[int]:
    """Wait for the end of all processes with the mark; those that are left at the deadline."""
    deadline = time.monotonic() + seconds
    while living := processes_with(f"{MARK}={mark}"):
        left = deadline - time.monotonic()
        if left <= 0:
            return living
        try:
            pidfd = os.pidfd_open(living[0])
        except ProcessLookupError:
            continue
        try:
            select.select([pidfd], [], [], left)
        finally:
            os.close(pidfd)
    return []


def play(tunlab: Path, moment: Moment, folder: Path) -> list[str]:
    """Start a run, kill, and say all that is wrong afterwards."""
    mark = uuid.uuid4().hex
    environment = os.environ | {MARK: mark, "XDG_RUNTIME_DIR": str(folder)}
    errors = folder / f"{moment.number}.stderr"
    command = [tunlab, "run", "lab-1.4.3", "--auto", "--json"]
    with errors.open("wb") as stderr:
        run = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=stderr, env=environment
        )
    try:
        killed = kill(moment, run)
        status = run.wait(ENDED_WITHIN)
        problems = [f"{len(left)} processes left" for left in [outlive(mark, GONE_WITHIN)] if left]
    finally:
        run.kill()
        run.wait()
        for pid in processes_with(f"{MARK}={mark}"):
            os.kill(pid, signal.SIGKILL)
    said = errors.read_text()
    if not killed:
        problems.append("the run ended before there was anybody to kill")
    elif not expected(moment.victim, status):
        problems.append(f"status {status}")
    if "Traceback" in said:
        problems.append(said)
    return [f"{moment}: {problem}" for problem in problems]


def expected(victim: str, status: int) -> bool:
    """A documented end after the loss of a program; else the end by SIGKILL, of the front or passed on by it."""
    return status in (0, 1, 3) if victim == "program" else status in (KILLED, -signal.SIGKILL)


def kill(moment: Moment, run: subprocess.Popen[bytes]) -> bool:
    """Kill the victim at its moment, or as soon as there is one; False when the run ends first."""
    wait = moment.after
    while True:
        try:
            run.wait(wait)
            return False
        except subprocess.TimeoutExpired:
            victim = victim_of(moment, run.pid)
        if victim is not None:
            try:
                os.kill(victim, signal.SIGKILL)
                return True
            except ProcessLookupError:  # it has just ended by itself: take the next
                pass
        wait = SOON


def test_nothing_is_left_behind(installed: Path, tmp_path: Path) -> None:
    seed = int(os.environ.get("TUNLAB_SEED", "0")) or random.randrange(1, 1 << 32)
    print(f"TUNLAB_SEED={seed}")
    chance = random.Random(seed)
    victims = ["front", "holder", "program"]
    moments = [Moment(n, victims[n % 3], chance.uniform(0, LATEST), chance.random()) for n in range(MOMENTS)]
    tunlab, before = installed / "tunlab", snapshot()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = pool.map(lambda moment: play(tunlab, moment, tmp_path), moments)
        problems = [problem for each in found for problem in each]
    assert not problems, "\n".join(problems)
    after = snapshot() | {"sessions": before["sessions"]}  # ours are in a folder of their own
    assert changes(before, after) == {}
    assert len(sessions_during_a_run(tunlab, tmp_path)) == 1, "stale sessions were not swept"


def sessions_during_a_run(tunlab: Path, folder: Path) -> list[str]:
    """The sessions that are there while one more run is going on."""
    environment = os.environ | {"XDG_RUNTIME_DIR": str(folder)}
    command = [tunlab, "run", "lab-1.4.3", "--auto", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as run:
        try:
            assert run.stdout
            assert b"run_started" in run.stdout.readline()
            return [path.name for path in (folder / "tunlab").iterdir()]
        finally:
            run.terminate()
            run.communicate(timeout=20)
