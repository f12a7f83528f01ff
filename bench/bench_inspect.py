"""What `tunlab inspect` costs while nothing happens: its CPU time beside an idle lab, in percent of one core.

A run of lab-1.4.3 waits at a prompt. Its tun0 is looked at by the live view (on a terminal of 80 x 24), by `--json`,
and by `tcpdump`, which only captures; all at the same time, so that whatever else the machine does falls on each.
Counted is the CPU time (/proc/PID/stat, utime and stime) of all processes of each, those in the sandbox too.
Prints figures, asserts none. The aim: the live view below 2 % of a core.
"""

import fcntl
import os
import pty
import select
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median

from tunlab import paths

ROUNDS = 3
SECONDS = 5.0  # of each round
PATIENCE = 15.0  # seconds for the lab, and for each of what is measured, to be there
LAB, STEP, DEVICE = "lab-1.4.3", "ping", "h1:tun0"
TUNLAB = str(Path(sys.prefix) / "bin/tunlab")
MARK = "TUNLAB_BENCH_MARK"
TICKS = os.sysconf("SC_CLK_TCK")


class Watched:
    """Processes with a terminal of their own, or none, found by a mark in their environment."""

    def __init__(self, name: str, mark: str, terminal: int, process: "subprocess.Popen[bytes]") -> None:
        self.name = name
        self.terminal = terminal
        self.process = process
        self._mark = f"{MARK}={mark}".encode()
        self.said = b""
        self.shares: list[float] = []
        self.processes = 0

    def pids(self) -> list[int]:
        found = []
        for path in Path("/proc").glob("[0-9]*/environ"):
            try:
                if self._mark in path.read_bytes().split(b"\0"):
                    found.append(int(path.parent.name))
            except OSError:  # it has ended, or is somebody else's
                continue
        return found

    def cpu(self) -> float:
        """Seconds that all of them have used so far."""
        ticks = 0
        pids = self.pids()
        self.processes = len(pids)
        for pid in pids:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])  # utime, stime: fields 14 and 15 of proc(5)
        return ticks / TICKS


def main() -> None:
    if not shutil.which("tcpdump", path=paths.search_path()):
        sys.exit("no tcpdump to compare with")
    with tempfile.TemporaryDirectory() as place, ExitStack() as stack:
        surroundings = os.environ | {"XDG_RUNTIME_DIR": place, "XDG_STATE_HOME": place, "TERM": "xterm-256color"}
        words = [TUNLAB, "run", LAB, "--from", STEP, "--lang", "en"]
        lab = stack.enter_context(started("lab", words, surroundings))
        serve([lab], lambda: b"q quit" in lab.said and has_device(surroundings), "prompt of the lab")
        node, device = DEVICE.split(":")
        found = [
            stack.enter_context(started(name, [TUNLAB, *words], surroundings))
            for name, words in {
                "inspect, live": ["inspect", DEVICE, "--lang", "en"],
                "inspect --json": ["inspect", DEVICE, "--json"],
                "tcpdump": ["exec", node, "--", "tcpdump", "-l", "-n", "-i", device],
            }.items()
        ]
        everyone = [lab, *found]
        for each, wanted in zip(found, (b"packets/s", b"device_details", b"listening on"), strict=True):
            serve(everyone, lambda each=each, wanted=wanted: wanted in each.said, f"start of {each.name}")  # type: ignore[misc]
        rest(everyone, 2.0)  # imports and first looks are over
        for _ in range(ROUNDS):
            measure(everyone, found)
    print(f"CPU beside an idle {LAB}, percent of a core, {ROUNDS} rounds of {SECONDS:g} s:")
    for each in found:
        low, middle, high = (100 * f(each.shares) for f in (min, median, max))
        print(f"  {each.name:16} {each.processes} processes   min {low:5.2f}  median {middle:5.2f}  max {high:5.2f}")
    print("  aim: inspect, live below 2")


def measure(everyone: Sequence[Watched], found: Sequence[Watched]) -> None:
    before = [(each.cpu(), time.monotonic()) for each in found]
    rest(everyone, SECONDS)
    for each, (used, then) in zip(found, before, strict=True):
        each.shares.append((each.cpu() - used) / (time.monotonic() - then))


def has_device(surroundings: Mapping[str, str]) -> bool:
    words = [TUNLAB, "inspect", DEVICE, "--once", "--json"]
    return b'"fd"' in subprocess.run(words, env=surroundings, stdin=subprocess.DEVNULL, capture_output=True).stdout


@contextmanager
def started(name: str, words: Sequence[str], surroundings: Mapping[str, str]) -> Iterator[Watched]:
    """A command on a terminal of its own."""
    mark = uuid.uuid4().hex
    ours, theirs = pty.openpty()
    fcntl.ioctl(ours, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    try:
        process = subprocess.Popen(
            words,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=dict(surroundings) | {MARK: mark},
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        watched = Watched(name, mark, ours, process)
        try:
            yield watched
        finally:
            process.terminate()
            serve([watched], lambda: process.poll() is not None, f"end of {name}")
    finally:
        os.close(theirs)
        os.close(ours)


def serve(everyone: Sequence[Watched], reached: Callable[[], bool], what: str) -> None:
    """Read what their terminals get until a state is reached."""
    deadline = time.monotonic() + PATIENCE
    while not reached():
        if time.monotonic() > deadline:
            sys.exit(f"no {what}: {everyone[-1].said[-2000:]!r}")
        drain(everyone, 0.05)


def rest(everyone: Sequence[Watched], seconds: float) -> None:
    """Read what their terminals get for so long."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        drain(everyone, left)


def drain(everyone: Sequence[Watched], patience: float) -> None:
    for fd in select.select([each.terminal for each in everyone], [], [], patience)[0]:
        watched = next(each for each in everyone if each.terminal == fd)
        watched.said += os.read(fd, 65536)


if __name__ == "__main__":
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} processors")
    main()
