"""Placeholders in prose: `{step.check}` and `{step.check.length}`, filled from the run; `{{` is a brace."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tunlab.labfile.checks import LENGTH

_TOKEN = re.compile(r"\{\{|\}\}|\{([^{}\n]*)\}|[{}]")
_UNKNOWN = "?"


@dataclass(frozen=True, slots=True)
class Reference:
    """What a placeholder names: a check of a step, or the length of that check's packets."""

    step: str
    check: str
    length: bool

    def __str__(self) -> str:
        return f"{self.step}.{self.check}" + (f".{LENGTH}" if self.length else "")


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text as a person reads it. What the run has not measured is shown as `?`.

    The keys of `values` are `step.check` and `step.check.length`: a loaded lab has no short forms.
    """

    def value(found: re.Match[str]) -> str:
        return found[0][0] if found[1] is None else values.get(found[1], _UNKNOWN)

    return _TOKEN.sub(value, text)


def tokens(text: str) -> Iterator[re.Match[str]]:
    """Every placeholder (its name is group 1) and every brace that stands alone."""
    return (found for found in _TOKEN.finditer(text) if found[0] not in ("{{", "}}"))


def parse(name: str, step: str) -> Reference | None:
    """The reference that `name` makes in the prose of `step`, or None where it cannot be one."""
    parts = name.split(".")
    length = len(parts) > 1 and parts[-1] == LENGTH
    if length:
        parts.pop()
    if len(parts) > 2 or not all(re.fullmatch("[a-z0-9-]+", part) for part in parts):
        return None
    return Reference(parts[0] if len(parts) == 2 else step, parts[-1], length)


def without(text: str) -> str:
    """The text with blanks where its placeholders are, so that every character keeps its place."""
    return _TOKEN.sub(lambda found: " " * len(found[0]), text)
