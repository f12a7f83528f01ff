"""The commands and programs of a topology that `tunlab up` made: run, started all at once, and heard."""

import shlex
import shutil
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tunlab.engine.environment import environment
from tunlab.engine.loop import Loop
from tunlab.errors import KernelError, TunlabError
from tunlab.kernel.namespaces import NetworkNamespace
from tunlab.kernel.process import Process, spawn
from tunlab.kernel.procfs import holds_tun
from tunlab.model.program import Program
from tunlab.model.topology import Topology

PATIENCE = 60.0  # seconds for a command to end, or for all programs to be ready
QUIET = 0.3  # seconds without a line, after which a command has said all; what it left in the background may go on
_LINGER = 1.0  # seconds that one which has ended is heard at most: what it left in the background may flood
_LAST_LINES = 10  # of what it printed, in the sentence about one that failed
_LONGEST = 200  # characters of such a line

Heard = Callable[[str, str, str], None]


class Member:
    """A process of a node. `code` is its exit code, None while it runs."""

    def __init__(self, node: str, words: Sequence[str], process: Process) -> None:
        self.node = node
        self.words = words
        self.process = process
        self.last_lines: deque[str] = deque(maxlen=_LAST_LINES)
        self.seen_ready = False
        self.code: int | None = None
        self._last_sign = time.monotonic()
        self._ended = 0.0
        self._heard_out = False

    def heard(self, lines: list[str] | None, ready: str | None) -> None:
        """It printed these lines; None: its terminal is closed."""
        self._last_sign = time.monotonic()
        self._heard_out = lines is None
        self.last_lines.extend(line[:_LONGEST] for line in lines or ())
        self.seen_ready = self.seen_ready or (ready is not None and any(ready in line for line in lines or ()))

    def end(self, code: int) -> None:
        """It has ended; by a signal N where the code is -N, which a shell calls 128+N."""
        self.code = code if code >= 0 else 128 - code
        self._ended = time.monotonic()

    def over(self) -> bool:
        """Whether it has ended and all that it printed has been heard."""
        now = time.monotonic()
        quiet = now - self._last_sign > QUIET or now - self._ended > _LINGER
        return self.code is not None and (self._heard_out or quiet)

    def refused(self, key: str) -> TunlabError:
        """The sentence about one that failed."""
        command, said = shlex.join(self.words), "".join(f"\n| {line}" for line in self.last_lines)
        return TunlabError(key, node=self.node, command=command, code=self.code, said=said, seconds=PATIENCE)


class Crew:
    """Runs what a topology's file names. `heard` gets node, program and line of all that is printed."""

    def __init__(
        self,
        topology: Topology,
        namespaces: Mapping[str, NetworkNamespace],
        directory: Path,
        loop: Loop,
        heard: Heard,
    ) -> None:
        self._variables = {node.name: dict(node.environment) for node in topology.nodes}
        self._namespaces = namespaces
        self._directory = directory
        self._loop = loop
        self._heard = heard
        self._members: list[Member] = []

    def run(self, node: str, words: Sequence[str]) -> None:
        """Run a command to its end. Raises TunlabError where it fails, or takes too long."""
        member = self._spawn(node, words, {})
        if not self._loop.wait(member.over, PATIENCE):
            raise member.refused("up_command_stays")
        if member.code:
            raise member.refused("up_command_failed")

    def start(self, programs: Sequence[Program]) -> None:
        """Start all, then wait until all are ready: one may need another. Raises TunlabError where one is not."""
        waiting = []
        for program in programs:
            member = self._spawn(program.node, program.command(), {"TUNLAB_PROGRAM": program.name}, program.ready)
            waiting.append((program, member))

        def settled() -> bool:
            waiting[:] = [(program, member) for program, member in waiting if not self._is_ready(program, member)]
            return not waiting or any(member.over() for _, member in waiting)

        in_time = self._loop.wait(settled, PATIENCE)
        for _, member in waiting:
            if member.over():
                raise member.refused("up_program_ended")
        if not in_time:
            raise waiting[0][1].refused("up_program_not_ready")

    def ended(self, codes: Mapping[int, int]) -> None:
        """These processes have ended, with these exit codes."""
        for member in self._members:
            if member.process.pid in codes:
                member.end(codes[member.process.pid])
        for member in [each for each in self._members if each.over()]:
            self._loop.ignore(member.process)
            member.process.close()
            self._members.remove(member)

    def _spawn(self, node: str, words: Sequence[str], more: Mapping[str, str], ready: str | None = None) -> Member:
        variables = environment(node) | self._variables[node] | dict(more)
        if tuple(words[:2]) == ("python3", "-m"):
            variables["PYTHONSAFEPATH"] = "1"  # not the file's folder: it could hold a json.py
        try:
            process = spawn(words, self._namespaces[node], variables, self._directory)
        except KernelError as error:
            place = self._directory / words[0] if "/" in words[0] else words[0]
            if shutil.which(place, path=variables["PATH"]):
                raise
            raise TunlabError("up_no_program", node=node, program=words[0]) from error
        member = Member(node, words, process)
        self._members.append(member)
        self._loop.serve(member.process, lambda: self._hear(member, ready))
        return member

    def _hear(self, member: Member, ready: str | None) -> None:
        lines = member.process.lines()
        member.heard(lines, ready)
        if lines is None:
            self._loop.ignore(member.process)
        for line in lines or ():
            self._heard(member.node, _short(member.words), line)

    def _is_ready(self, program: Program, member: Member) -> bool:
        if program.ready is not None:
            return member.seen_ready
        if program.device is None:
            return True
        namespace = self._namespaces[program.node].inode()
        return holds_tun(member.process.pid, program.device.device, namespace)


def _short(words: Sequence[str]) -> str:
    """What a program is called in front of what it prints."""
    if tuple(words[:2]) == ("python3", "-m"):
        return words[2].rpartition(".")[2]
    return Path(words[0]).name
