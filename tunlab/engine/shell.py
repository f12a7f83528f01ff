"""The learner's own shell in a node. The lab goes on meanwhile: its loop serves captures and programs.

The shell has a terminal of its own, joined with the user's while it runs. What it leaves in the background keeps that
terminal, and so does not print into the lab's picture.
"""

import os
import re
import shlex
import shutil
from collections.abc import Callable, Mapping

from tunlab import paths
from tunlab.engine.environment import environment
from tunlab.engine.loop import Loop
from tunlab.engine.node import RunningNode
from tunlab.engine.requests import Shell
from tunlab.kernel.errno_names import attempting
from tunlab.kernel.process import Process, kill_session, pidfd, spawn
from tunlab.kernel.relay import Relay
from tunlab.model.events import Output
from tunlab.session.log import EventLog

PONDERING = 0.25  # seconds that a turn of the loop lasts at most while the learner is at work
LAST_READS = 32  # of what a shell that has ended printed; each takes what has arrived, at most 4 KiB (n_tty)

MOST = 1000  # lines of what runs in the background that are kept
_CSI = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")  # what readline(3) leaves behind (ECMA-48, 5.4)
_REDRAW = "\x1b[9999~"  # a key that no keyboard has
_BASHRC = """\
PS1={prompt}
unset HISTFILE
bind '"{redraw}": redraw-current-line'
set -o history
{history}
"""


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
        variables = environment(shell.node) | {"PYTHONSAFEPATH": "1"}
        with attempting("write the shell's start-up file"):
            words = _words(shell, variables)
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
                        _show_all(relay)  # a command's last lines come before ours
                        relay.say(notice, _REDRAW.encode() if "--rcfile" in words else b"")
                        told = True
                _show_all(relay)
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


def _show_all(relay: Relay) -> None:
    for _ in range(LAST_READS):
        relay.output()


def _words(shell: Shell, variables: dict[str, str]) -> tuple[str, ...]:
    """bash with a prompt that names the node and a history that holds what is to be typed; else sh."""
    bash = shutil.which("bash", path=variables["PATH"])
    if bash is None:
        variables["PS1"] = f"{shell.node}$ "
        return ("sh", "-i")
    colour = "TERM" in os.environ and os.environ["TERM"] != "dumb" and not os.environ.get("NO_COLOR")
    prompt = rf"\[\e[1;32m\]{shell.node}\[\e[0m\]\$ " if colour else rf"{shell.node}\$ "
    paths.BASHRC.write_text(
        _BASHRC.format(
            prompt=shlex.quote(prompt),
            redraw=_REDRAW.replace("\x1b", r"\e"),
            history="\n".join(f"history -s {shlex.quote(command)}" for command in shell.typed),
        )
    )
    paths.BASHRC.chmod(0o644)  # under sudo the shell is the real user's
    return (bash, "--noprofile", "--rcfile", str(paths.BASHRC), "-i")
