"""The programs of a running lab: started, heard, and ended."""

import os
import re
import shutil
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tunlab import paths
from tunlab.engine.loop import Loop
from tunlab.engine.node import RunningNode
from tunlab.engine.packets import PacketLog
from tunlab.engine.reports import Reports
from tunlab.errors import TunlabError
from tunlab.kernel.process import Process, spawn
from tunlab.kernel.procfs import tun_holders
from tunlab.model.events import Output
from tunlab.model.program import Program
from tunlab.model.topology import Endpoint
from tunlab.packet.scapy_loader import load_scapy
from tunlab.session.log import EventLog

PATIENCE = 30.0  # seconds for a program to be ready, or to be gone
COMPILE_PATIENCE = 60.0
QUIET = 0.3  # seconds without a line, after which a program has said what it had to say


class RunningProgram:
    """A program with its process; `exit_code` is None while it runs."""

    def __init__(self, program: Program, process: Process) -> None:
        self.program = program
        self.process = process
        self.lines: list[str] = []
        self.exit_code: int | None = None
        self.last_heard = 0.0  # when it printed last, in seconds of the run
        self.heard_out = False  # its terminal is closed: it will print nothing more

    def over(self) -> bool:
        """Whether it has ended and all that it printed has been heard."""
        return self.exit_code is not None and self.heard_out


class Programs:
    """Starts and stops a lab's programs and logs what they print. A context manager: its end ends them."""

    def __init__(
        self, folder: Path, nodes: Mapping[str, RunningNode], loop: Loop, log: EventLog, packets: PacketLog
    ) -> None:
        self._folder = folder
        self._nodes = nodes
        self._loop = loop
        self._log = log
        self._packets = packets
        self._running: dict[str, RunningProgram] = {}
        self._stack = ExitStack()

    def __enter__(self) -> "Programs":
        for path in self._folder.iterdir():
            if path.is_file():
                shutil.copyfile(path, paths.WORK / path.name)
        self._stack.enter_context(Reports(self._loop, self._reported))
        return self

    def __exit__(self, *_: object) -> None:
        for running in list(self._running.values()):
            running.process.kill()
        self._loop.wait(lambda: not self._running, PATIENCE)
        self._stack.close()

    def of(self, pid: int) -> str | None:
        """The name of the program that a process is."""
        return next((name for name, each in self._running.items() if each.process.pid == pid), None)

    def start(self, program: Program) -> None:
        """Start a program and wait until it is ready. Raises TunlabError where it cannot be."""
        if program.name in self._running:
            raise TunlabError("program_already_runs", program=program.name)
        for words in program.preparation():
            self.run(program.node, words, COMPILE_PATIENCE)
        self._packets.program_started(program)
        running = self._spawn(program, program.command())

        def ready() -> bool:
            if running.exit_code is not None:
                return True
            if program.ready is not None:
                return any(program.ready in line for line in running.lines)
            return program.device is None or self._holds(running, program.device)

        if not self._loop.wait(ready, PATIENCE):
            raise TunlabError("program_not_ready", program=program.name, seconds=PATIENCE)
        if running.exit_code is not None and program.words == ():
            raise TunlabError("program_ended", program=program.name, said=" / ".join(running.lines))

    def stop(self, program: Program) -> None:
        """Interrupt a program and wait until it is gone; one that does not obey is killed.

        What it is about to print is waited for first: tcpdump would not print it any more.
        """
        running = self._running.get(program.name)
        if running is None:
            return
        self._loop.wait(lambda: self._log.now() - running.last_heard > QUIET, PATIENCE)
        running.process.interrupt()
        if not self._loop.wait(lambda: program.name not in self._running, PATIENCE):
            running.process.kill()
            self._loop.wait(lambda: program.name not in self._running, PATIENCE)

    def run(self, node: str, words: tuple[str, ...], patience: float) -> None:
        """Run a command to its end. Raises TunlabError where it fails."""
        running = self._spawn(Program(" ".join(words), node, words=words), words)
        if not self._loop.wait(running.over, patience):
            running.process.kill()
            raise TunlabError("command_too_long", command=" ".join(words), seconds=patience)
        if running.exit_code:
            raise TunlabError(
                "command_failed",
                command=" ".join(words),
                code=running.exit_code,
                said="\n".join(running.lines),
            )

    def ended(self, codes: dict[int, int]) -> None:
        """These processes have ended, with these exit codes."""
        for running in self._running.values():
            if running.process.pid in codes:
                running.exit_code = codes[running.process.pid]
        for name, running in list(self._running.items()):
            if running.over():
                running.process.close()
                del self._running[name]

    def _spawn(self, program: Program, words: tuple[str, ...]) -> RunningProgram:
        node = self._nodes[program.node]
        environment = dict(os.environ) | {
            "PATH": paths.search_path(),
            "TUNLAB_REPORTS": str(paths.REPORTS),
            "TUNLAB_PROGRAM": program.name,
        }
        process = spawn(words, node.namespace, environment, paths.WORK)
        running = RunningProgram(program, process)
        self._running[program.name] = running
        self._loop.serve(process, lambda: self._hear(running))
        load_scapy()  # once, and the program needs a moment anyway: the first packet must not wait for it
        return running

    def _hear(self, running: RunningProgram) -> None:
        lines = running.process.lines()
        if lines is None:
            self._loop.ignore(running.process)
            running.heard_out = True
            return
        running.lines += lines
        running.last_heard = self._log.now()
        program = running.program
        for line in lines:
            self._log.add(Output(self._log.step, program.node, program.name, line))
            if program.source and program.tells_read and (length := _length_told(program.tells_read, line)):
                self._packets.drain_all()
                self._packets.told_length(program, length)

    def _reported(self, name: str, fields: dict[str, Any]) -> None:
        running = self._running.get(name)
        if running is not None and running.program.device is not None:
            self._packets.drain_all()
            data = bytes.fromhex(fields["data"])
            self._packets.told_with_bytes(running.program, fields["did"], data, fields["t_ns"])

    def _holds(self, running: RunningProgram, device: Endpoint) -> bool:
        namespace = self._nodes[device.node].namespace.inode()
        return any(holder.pid == running.process.pid for holder in tun_holders(device.device, namespace))


def _length_told(pattern: str, line: str) -> int | None:
    before, _, after = pattern.partition("{length}")
    found = re.fullmatch(re.escape(before) + r"(\d+)" + re.escape(after), line)
    return int(found[1]) if found else None
