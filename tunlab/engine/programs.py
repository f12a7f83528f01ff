"""The programs of a running lab: started, heard, and ended."""

import os
import re
import shlex
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from signal import Signals
from typing import Any

from tunlab import paths
from tunlab.engine.environment import environment, noted
from tunlab.engine.loop import Loop
from tunlab.engine.node import RunningNode
from tunlab.engine.packets import PacketLog, Told
from tunlab.engine.reports import Reports, Teller
from tunlab.errors import Status, TunlabError
from tunlab.i18n import LANGUAGES, SPOKEN
from tunlab.kernel.errno_names import name_of
from tunlab.kernel.process import Process, spawn
from tunlab.kernel.procfs import pending, tun_holders
from tunlab.labfile.files import stays_inside
from tunlab.model.events import Output
from tunlab.model.packet import LinkType
from tunlab.model.program import Program
from tunlab.model.topology import Endpoint
from tunlab.packet.scapy_loader import load_scapy
from tunlab.session.log import EventLog

MOST_LINES = 2000  # of what programs print in one step: what floods is not heard any further
PATIENCE = 30.0  # seconds for a program to be ready, or to be gone
COMPILE_PATIENCE = 60.0
_END_OF_TIME = 1 << 63  # ns since 1970 that a clock of the kernel can show
_NOT_FOR_PROGRAMS = (
    "lab.yaml",
    *(f"{language}.md" for language in LANGUAGES),
)  # the lab itself: a learner's `ls` must not find the answers
QUIET = 0.3  # seconds without a line, after which a program has said what it had to say


class RunningProgram:
    """A program with its process; `exit_code` is None while it runs."""

    def __init__(self, program: Program, process: Process) -> None:
        self.program = program
        self.process = process
        self.lines: list[str] = []
        self.exit_code: int | None = None
        self.last_sign = 0.0  # when it printed last, or ended, in seconds of the run
        self.private = False  # what it prints is for whoever has started it
        self.heard_out = False  # its terminal is closed: it will print nothing more

    def said(self, text: str) -> bool:
        """Whether a line that it printed has this in it."""
        return any(text in line for line in self.lines)

    def over(self, now: float) -> bool:
        """Whether it has ended and all that it printed has been heard; a child may keep its terminal open."""
        return self.exit_code is not None and (self.heard_out or now - self.last_sign > QUIET)


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
        self._heard = 0  # lines of this step
        self._stack = ExitStack()

    def __enter__(self) -> "Programs":
        try:
            for path in self._folder.iterdir():
                if _is_for_programs(path):
                    shutil.copyfile(path, paths.WORK / path.name)
        except OSError as error:
            place = error.filename or self._folder
            raise TunlabError("lab_not_copied", Status.USAGE, file=place, problem=name_of(error)) from error
        self._reports = self._stack.enter_context(Reports(self._loop, self._reported, "stage"))
        return self

    def __exit__(self, *_: object) -> None:
        for running in self._running.values():
            if running.exit_code is None:
                running.process.kill()
        self._loop.wait(lambda: not self._running, PATIENCE)
        self._stack.close()

    def begin_step(self) -> None:
        """Take in what our programs have reported up to now; from here on it is about another step."""
        self._reports.hear_all()
        self._heard = 0

    def of(self, pid: int) -> str | None:
        """The name of the program that a process is: the lab's, or what one that was started by hand calls itself.

        A child of the lab's program counts for it: a server may leave each client to one.
        """
        leaders = {pid}
        with suppress(OSError):  # it has ended
            leaders.add(os.getsid(pid))  # each of the lab's programs leads a session of its own
        ours = next((name for name, each in self._running.items() if each.process.pid in leaders), None)
        return ours or self._reports.name_of(pid)

    def start(self, program: Program, private: bool = False) -> None:
        """Start a program and wait until it is ready; one that is `private` is heard by nobody else.

        Raises TunlabError where it cannot be.
        """
        if program.name in self._running:
            raise TunlabError("program_already_runs", program=program.name)
        for words in program.preparation():
            self.run(program.node, words, COMPILE_PATIENCE)
        self._packets.program_started(program)
        running = self._spawn(program, program.command(), private=private)

        def ready() -> bool:
            if program.ready is not None:
                return running.said(program.ready)
            return program.device is None or self._holds(running, program.device)

        if not self._loop.wait(lambda: ready() or self._over(running), PATIENCE):
            raise TunlabError("program_not_ready", program=program.name, seconds=PATIENCE)
        if not ready():
            raise TunlabError("program_ended", program=program.name, said=" / ".join(running.lines))

    def stop(self, program: Program) -> None:
        """Interrupt a program and wait until it is gone; one that does not obey is killed.

        What it is about to print is waited for first: tcpdump would not print it any more.
        """
        running = self._running.get(program.name)
        if running is None:
            return
        self._loop.wait(lambda: self._log.now() - running.last_sign > QUIET, PATIENCE)
        for end in (running.process.interrupt, running.process.kill):
            if running.exit_code is None:
                end()
            if self._loop.wait(lambda: program.name not in self._running, PATIENCE):
                return
        raise TunlabError("program_stays", program=program.name)

    def signal(self, program: Program, name: str) -> None:
        """Send a program a signal and wait until it has taken it: two of the same that wait become one (signal(7)).

        Raises TunlabError where it does not run, or does not take the signal.
        """
        running = self._running.get(program.name)
        if running is None or running.exit_code is not None:
            raise TunlabError("program_not_running", program=program.name)
        pid, number = running.process.pid, Signals[f"SIG{name}"]
        with suppress(ProcessLookupError):
            os.kill(pid, number)
        if not self._loop.wait(lambda: running.exit_code is not None or not pending(pid, number), PATIENCE):
            raise TunlabError("program_not_ready", program=program.name, seconds=PATIENCE)

    def run(
        self, node: str, words: tuple[str, ...], patience: float, status: int = 0, private: bool = False
    ) -> list[str]:
        """Run a command to its end, in a locale of plain English, and return what it has printed.

        `private`: nobody else hears it. Raises TunlabError where its status is another.
        """
        command = shlex.join(words)
        program = Program(f"$ {command}", node, words=words)
        running = self._spawn(program, words, {"LC_ALL": "C.UTF-8", SPOKEN: "en"}, private)
        if not self._loop.wait(lambda: self._over(running), patience):
            running.process.kill()
            raise TunlabError("command_too_long", command=command, seconds=patience)
        if running.exit_code != status:
            raise TunlabError(
                "command_status" if status else "command_failed",
                command=command,
                code=running.exit_code,
                expected=status,
                said="\n".join(running.lines),
            )
        return running.lines

    @contextmanager
    def unheard(self) -> Iterator[None]:
        """Our programs report to nobody here meanwhile, which costs them more than their work."""
        self._reports.__exit__()
        try:
            yield
        finally:
            self._reports.__enter__()

    def ended(self, codes: dict[int, int]) -> None:
        """These processes have ended, with these exit codes."""
        for running in self._running.values():
            if running.process.pid in codes:
                running.exit_code = codes[running.process.pid]
                running.last_sign = self._log.now()
        for name, running in list(self._running.items()):
            if self._over(running):
                self._loop.ignore(running.process)
                running.process.close()
                del self._running[name]

    def _spawn(
        self,
        program: Program,
        words: tuple[str, ...],
        extra: Mapping[str, str] | None = None,
        private: bool = False,
    ) -> RunningProgram:
        node = self._nodes[program.node]
        variables = environment(program.node) | noted(program.node) | {"TUNLAB_PROGRAM": program.name, **(extra or {})}
        if words[:2] == ("python3", "-m"):
            variables["PYTHONSAFEPATH"] = "1"  # not the lab's folder: it could hold a json.py
        process = spawn(words, node.namespace, variables, paths.WORK)
        running = RunningProgram(program, process)
        running.private = private
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
        running.lines = (running.lines + lines)[-MOST_LINES:]
        running.last_sign = self._log.now()
        if running.private:
            return
        program = running.program
        self._heard += len(lines)
        room = max(0, MOST_LINES - self._heard + len(lines))
        if program.tells_read:
            self._packets.left_out += len(lines[room:])  # each may have told of a packet
        for line in lines[:room]:
            self._log.add(Output(self._log.step, program.node, program.name, line))
            if program.source and program.tells_read and (length := _length_told(program.tells_read, line)):
                self._packets.drain_all()
                self._packets.told_length(program, length)

    def _reported(self, teller: Teller, fields: dict[str, Any]) -> None:
        if teller.at.node not in self._nodes:
            return
        match fields:
            case {"did": "read" | "written" as did, "data": str(text), "t_ns": int(time_ns)} if (
                0 < time_ns < _END_OF_TIME
            ):
                with suppress(ValueError):  # not hexadecimal
                    link = LinkType.__members__.get(str(fields.get("link")), LinkType.RAW)
                    told = Told(teller.program, teller.at, did)
                    self._packets.drain_all()
                    self._packets.told_with_bytes(told, bytes.fromhex(text), time_ns, link)

    def _over(self, running: RunningProgram) -> bool:
        return running.over(self._log.now())

    def _holds(self, running: RunningProgram, device: Endpoint) -> bool:
        namespace = self._nodes[device.node].namespace.inode()
        return any(holder.pid == running.process.pid for holder in tun_holders(device.device, namespace))


def _is_for_programs(path: Path) -> bool:
    """A file of the lab's folder itself: a link that leads out of it could show what is the user's own."""
    return path.is_file() and path.name not in _NOT_FOR_PROGRAMS and stays_inside(path.parent, path.name)


def _length_told(pattern: str, line: str) -> int | None:
    before, _, after = pattern.partition("{length}")
    found = re.fullmatch(re.escape(before) + r"(\d{1,9})" + re.escape(after), line)
    return int(found[1]) if found else None
