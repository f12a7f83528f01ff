"""The learner's own shell in a node. The lab goes on meanwhile: its loop serves captures and programs.

The shell has a terminal of its own, joined with the user's while it runs. What it leaves in the background keeps that
terminal, and so does not print into the lab's picture.
"""

import re
from collections.abc import Callable, Mapping

from tunlab import paths
from tunlab.engine.environment import environment, noted
from tunlab.engine.interactive import REDRAW, shell_words
from tunlab.engine.loop import Loop
from tunlab.engine.node import RunningNode
from tunlab.engine.requests import Shell
from tunlab.kernel.errno_names import attempting
from tunlab.kernel.process import Process, kill_session, pidfd, spawn
from tunlab.kernel.relay import Relay
from tunlab.model.events import Output
from tunlab.session.log import EventLog

PONDERING = 0.25  # seconds that a turn of the loop lasts at most while the learner is at work

MOST = 1000  # lines of what runs in the background that are kept
_CSI = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")  # what readline(3) leaves behind (ECMA-48, 5.4)


class Shells:
    """The shells that the learner opened on a stage. A context manager: its end ends what they started."""

    def __init__(self, nodes: Mapping[str, RunningNode], loop: Loop, log: EventLog) -> None:
        self._nodes = nodes
        self._loop = loop
        self._log = log
        self._opened: list[Process] = []
        self._told = 0  # lines that what runs in the background has printed

    def __enter__(self) -> "Shells":
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._opened:
            kill_session(process.pid)
            self._loop.ignore(process)
            process.close()

    def open(self, shell: Shell, done: Callable[[], bool], notice: str) -> None:
        """Give the user's terminal to a shell until it ends. Above its prompt stands `notice` once `done()` is true."""
        told = False
        variables = environment(shell.node) | noted(shell.node) | {"PYTHONSAFEPATH": "1"}
        with attempting("write the shell's start-up file"):
            words = shell_words(shell.node, variables, paths.BASHRC, shell.typed)
        process = spawn(words, self._nodes[shell.node].namespace, variables, paths.WORK, interactive=True)
        self._opened.append(process)
        with pidfd(process.pid) as ended, Relay(process) as relay:
            self._loop.serve(process, relay.output)
            self._loop.serve(relay, relay.keys)
            try:
                while not ended():
                    self._loop.turn(PONDERING)
                    relay.flush()
                    process.continue_if_stopped()
                    if not told and relay.at_prompt() and done():
                        relay.last_output()  # a command's last lines come before ours
                        relay.say(notice, REDRAW.encode() if "--rcfile" in words else b"")
                        told = True
                relay.last_output()
            finally:
                self._loop.ignore(relay)
                self._loop.ignore(process)
                self._loop.serve(process, lambda: self._hear(shell.node, process))

    def _hear(self, node: str, process: Process) -> None:
        """What the learner left running in the background prints is the shell's output."""
        lines = process.lines()
        if lines is None:
            self._loop.ignore(process)
        for line in lines or ():
            self._told += 1
            if self._told <= MOST and (text := _CSI.sub("", line).strip()):
                self._log.add(Output(self._log.step, node, "shell", text))
