"""YAML text becomes a tree of nodes that know their lines; every scalar stays text."""

from pathlib import Path

import yaml

from tunlab.errors import LabFileError
from tunlab.labfile.cursor import Source, Value
from tunlab.labfile.files import read_text
from tunlab.labfile.problems import Problems

# BaseLoader: YAML 1.1 would turn 52:54:00:12:34:56 into a number and `no` into False.
_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_DEEPEST = 32


def compose(text: str, file: str) -> yaml.Node:
    """The root node of the only document in `text`."""
    try:
        _refuse_tricks(text, file)
        root: yaml.Node | None = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else None
        if line is not None and _begins_with_tab(text, line):
            raise LabFileError("lab_yaml_tab", file, line) from None
        raise LabFileError("lab_yaml_syntax", file, line, problem=str(error.problem).removeprefix("but ")) from None
    except yaml.YAMLError as error:
        raise LabFileError("lab_yaml_syntax", file, None, problem=str(error)) from None
    if root is None:
        raise LabFileError("lab_file_empty", file, None)
    return root


def open_document(folder: Path, name: str, problems: Problems) -> Value:
    """The root of a YAML file in a lab's folder."""
    file = str(folder / name)
    return Value(Source(file, problems), compose(read_text(folder, name), file), name, 1)


def _begins_with_tab(text: str, line: int) -> bool:
    """Whether the blanks in front of that line have a tab among them."""
    lines = text.split("\n")[line - 1 : line]
    return any("\t" in each[: len(each) - len(each.lstrip())] for each in lines)


def _refuse_tricks(text: str, file: str) -> None:
    """Refuse what makes a small file large (aliases) or a recursion deep, before nodes are made of it."""
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if not isinstance(event, yaml.NodeEvent):
            continue
        line = event.start_mark.line + 1 if event.start_mark else None
        if event.anchor or getattr(event, "tag", None):
            raise LabFileError("lab_yaml_anchor", file, line)
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        if depth > _DEEPEST:
            raise LabFileError("lab_yaml_deep", file, line, most=_DEEPEST)
