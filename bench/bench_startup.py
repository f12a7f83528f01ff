"""How long tunlab takes to start: its help beside a two-command typer program, and a lab's first packet.

The small program is measured with the help that typer gives by default (rich panels) and with plain help, which is
what tunlab prints. All are started in turn, in one run, so that whatever else the machine does falls on each.
Prints times, asserts none. The aim: `tunlab --help` within 1.25 times the small program of the same kind.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

ROUNDS = 25
RUNS = 5
TUNLAB = Path(sys.prefix) / "bin/tunlab"
SMALL = """
import typer

app = typer.Typer({options})

@app.command()
def hello(name: str) -> None:
    print(name)

@app.command()
def goodbye(name: str) -> None:
    print(name)
"""
STARTER = """#!{python}
import sys

sys.path.insert(0, {folder!r})

from small_{name} import app

app()
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        compare_help(
            {
                "typer, rich help": small_program(Path(folder), "rich", ""),
                "typer, plain help": small_program(Path(folder), "plain", "rich_markup_mode=None"),
                "tunlab": TUNLAB,
            }
        )
    first_packet()


def small_program(folder: Path, name: str, options: str) -> Path:
    """As pip installs one: a module, which Python keeps compiled, and a script that calls it."""
    (folder / f"small_{name}.py").write_text(SMALL.format(options=options))
    script = folder / name
    script.write_text(STARTER.format(python=sys.executable, folder=str(folder), name=name))
    script.chmod(0o755)
    return script


def compare_help(programs: Mapping[str, Path]) -> None:
    times: dict[str, list[float]] = {name: [] for name in programs}
    for round_ in range(ROUNDS + 1):
        for name, program in programs.items():
            taken = timed([program, "--help"])
            if round_:  # the first compiles
                times[name].append(taken)
    print(f"--help, {ROUNDS} rounds in turn, ms:")
    for name, all_taken in times.items():
        show(name, all_taken)
    *others, ours = times
    for name in others:
        print(f"  {ours} / {name}: {median(times[ours]) / median(times[name]):.2f} (aim 1.25)")


def timed(words: Sequence[str | Path]) -> float:
    begun = time.perf_counter()
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begun


def first_packet() -> None:
    taken = [until_first_packet() for _ in range(RUNS)]
    print(f"tunlab run lab-1.4.3 --auto --json, until the program has read its first packet, {RUNS} runs, ms:")
    show("tunlab", taken)


def until_first_packet() -> float:
    begun = time.perf_counter()
    words = [TUNLAB, "run", "lab-1.4.3", "--auto", "--json"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL) as program:
        assert program.stdout
        for line in program.stdout:
            event = json.loads(line)
            if event["event"] == "packet" and event["seen_by"] == "program":
                break
        else:
            sys.exit("the run told of no packet")
        taken = time.perf_counter() - begun
        program.terminate()
        program.stdout.read()
    return taken


def show(name: str, seconds: Sequence[float]) -> None:
    low, middle, high = (1000 * f(seconds) for f in (min, median, max))
    print(f"  {name:26} min {low:6.0f}  median {middle:6.0f}  max {high:6.0f}")


if __name__ == "__main__":
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} processors")
    main()
