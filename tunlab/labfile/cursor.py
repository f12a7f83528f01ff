"""A value in lab.yaml that knows its place: read it as text, number, list or mapping, strictly."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import yaml

from tunlab.errors import LabFileError
from tunlab.labfile.problems import Problems, shown, unknown

_PACE = re.compile(r"\{pace\.([^{}]*)\}")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Source:
    """The file being read, the values that `{pace.NAME}` stands for in it, and the problems found."""

    file: str
    problems: Problems
    pace: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Value:
    """`name` is the key that it stands under, `line` that key's line (or an item's own)."""

    source: Source
    node: yaml.Node
    name: str
    line: int

    def error(self, key: str, **values: object) -> LabFileError:
        """An error that blames this value."""
        return LabFileError(key, self.source.file, self.line, **values)

    def unknown(self, key: str, name: str, known: Iterable[str], **values: object) -> LabFileError:
        """An error that suggests what may have been meant."""
        sentence, gaps = unknown(key, name, known)
        return self.error(sentence, **gaps, **values)

    def text(self) -> str:
        """The scalar, with the pace's values in it."""
        if not isinstance(self.node, yaml.ScalarNode):
            raise self.error("lab_not_text", field=shown(self.name))
        text = _PACE.sub(self._of_pace, str(self.node.value))
        if not text:
            raise self.error("lab_no_value", field=shown(self.name))
        if _CONTROL.search(text):
            raise self.error("lab_control", field=shown(self.name))
        return text

    def integer(self, least: int, most: int) -> int:
        """A whole number between the two, both included."""
        text = self.text()
        if not re.fullmatch("[0-9]{1,9}", text) or not least <= int(text) <= most:
            raise self.error("lab_not_integer", field=shown(self.name), value=shown(text), least=least, most=most)
        return int(text)

    def seconds(self) -> float:
        """A length of time from a millisecond to an hour."""
        text = self.text()
        if not re.fullmatch(r"[0-9]{1,4}(\.[0-9]{1,6})?", text) or not 0.001 <= float(text) <= 3600:
            raise self.error("lab_not_seconds", field=shown(self.name), value=shown(text))
        return float(text)

    def choice(self, known: Iterable[str]) -> str:
        """One of the texts in `known`."""
        names = tuple(known)
        text = self.text()
        if text not in names:
            raise self.unknown("lab_unknown_value", text, names, field=shown(self.name))
        return text

    def items(self) -> list["Value"]:
        """The values of a list with something in it."""
        if not isinstance(self.node, yaml.SequenceNode):
            raise self.error("lab_not_list", field=shown(self.name))
        if not self.node.value:
            raise self.error("lab_empty", field=shown(self.name))
        return [Value(self.source, node, self.name, _line(node)) for node in self.node.value]

    def entries(self) -> dict[str, "Value"]:
        """The values of a mapping with something in it, by key."""
        if not isinstance(self.node, yaml.MappingNode):
            raise self.error("lab_not_mapping", field=shown(self.name))
        if not self.node.value:
            raise self.error("lab_empty", field=shown(self.name))
        entries: dict[str, Value] = {}
        for key_node, node in self.node.value:
            key = Value(self.source, key_node, self.name, _line(key_node))
            if not isinstance(key_node, yaml.ScalarNode):
                raise key.error("lab_bad_key", field=shown(self.name))
            name = str(key_node.value)
            if name in entries:
                raise key.error("lab_duplicate_key", name=shown(name), first=entries[name].line)
            entries[name] = Value(self.source, node, name, key.line)
        return entries

    def fields(self, required: Iterable[str], optional: Iterable[str] = ()) -> dict[str, "Value"]:
        """The values of a mapping whose keys are all known."""
        needed = tuple(required)
        known = (*needed, *optional)
        entries = self.entries()
        for name, value in entries.items():
            if name not in known:
                raise value.unknown("lab_unknown_key", name, known)
        for name in needed:
            if name not in entries:
                raise self.error("lab_missing_key", field=shown(self.name), name=name)
        return entries

    def one_of(self, fields: Mapping[str, "Value"], *names: str) -> str:
        """The only key of `names` that is there."""
        there = [name for name in names if name in fields]
        if len(there) != 1:
            raise self.error("lab_one_of", field=shown(self.name), names=", ".join(names))
        return there[0]

    def some_of(self, fields: Mapping[str, "Value"], *names: str) -> None:
        """Demand at least one key of `names`."""
        if not any(name in fields for name in names):
            raise self.error("lab_some_of", field=shown(self.name), names=", ".join(names))

    def _of_pace(self, found: re.Match[str]) -> str:
        if found[1] not in self.source.pace:
            raise self.unknown("lab_unknown_pace_value", found[1], self.source.pace)
        return self.source.pace[found[1]]


def if_there(value: Value | None, read: Callable[[Value], T]) -> T | None:
    """What `read` makes of an optional value."""
    return None if value is None else read(value)


def is_empty(value: Value) -> bool:
    """Whether nothing stands there, or a mapping without a key."""
    node = value.node
    return not node.value and isinstance(node, yaml.ScalarNode | yaml.MappingNode)


def one_or_more(value: Value) -> list[Value]:
    """The items of a list, or a single value without one."""
    return value.items() if isinstance(value.node, yaml.SequenceNode) else [value]


def texts(value: Value) -> tuple[str, ...]:
    """A list of texts."""
    return tuple(item.text() for item in value.items())


def choices(value: Value, known: Iterable[str]) -> tuple[str, ...]:
    """A list of texts that are all in `known`."""
    names = tuple(known)
    return tuple(item.choice(names) for item in value.items())


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
