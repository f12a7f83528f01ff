"""A program that a lab starts: C source, a Python module of ours, or a command of the system."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath

from tunlab.model.endpoint import Endpoint

_OURS = "tunlab"
_TITLE = re.compile(r"(?<=\w)(\[.*\])?:$")  # behind the name of a program that tells its state there: `vtund[c]: plain`


def without_title(name: str) -> str:
    """The name alone, of a program that has made a title of its command line."""
    return _TITLE.sub("", name)


def command_name(words: Sequence[str]) -> str:
    """What a person calls a command: `openvpn`; one of tunlab's by its own name, `tunnel`."""
    name = PurePath(words[0]).name
    return words[1] if name == _OURS and len(words) > 1 else name


@dataclass(frozen=True, slots=True)
class Program:
    """Where a program comes from and what it holds.

    `source` is a C file of the lab, compiled with cc; `module` one of ours in tunlab.programs, started with
    `arguments`; `words` a command of the system. A program with both source and module is a pair of twins
    that print the same lines; `twin()` chooses the module, which reports its packets by itself. `device` is
    the one whose far end it is. `tells_read` is the line that it prints for each packet read, `{length}`
    standing for the number. `ready` is a text in its output (or, without one, its hold on `device`) by
    which one knows that it has started. `title` is what its command line becomes, where it changes that.
    """

    name: str
    node: str
    source: str | None = None
    module: str | None = None
    arguments: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    device: Endpoint | None = None
    tells_read: str | None = None
    ready: str | None = None
    title: str | None = None

    def twin(self) -> "Program":
        """The Python twin, where there is one."""
        return replace(self, source=None, tells_read=None) if self.module else self

    def preparation(self) -> tuple[tuple[str, ...], ...]:
        """What must be typed once before the program can start."""
        return (("cc", self.source, "-o", self._binary()),) if self.source else ()

    def command(self) -> tuple[str, ...]:
        """What starts it."""
        if self.source:
            return (f"./{self._binary()}",)
        if self.module:
            return ("python3", "-m", f"tunlab.programs.{self.module}", *self.arguments)
        return self.words

    def process_pattern(self) -> tuple[str, ...]:
        """How pkill(1) finds it, and no other one: both ends of a tunnel may be the same command."""
        if self.module and not self.source:
            return ("-f", f"tunlab.programs.{self.module}")
        if self.words and self.device:
            return ("-f", self.title or " ".join(self.words))
        if self.words[:1] == (_OURS,):  # the process that holds the lab has that name too
            return ("-f", " ".join(self.words[:2]))
        return ("-x", self._binary() if self.source else self.command()[0])

    def _binary(self) -> str:
        return (self.source or "").removesuffix(".c")
