"""A topology in a file of its own: loaded, or every mistake in it told."""

import re
from dataclasses import replace
from pathlib import Path

from tunlab.errors import LabFileError
from tunlab.labfile.cursor import Source, Value
from tunlab.labfile.document import compose
from tunlab.labfile.files import read_file
from tunlab.labfile.problems import Problems, position, shown
from tunlab.labfile.topology import keys
from tunlab.labfile.topology.read import read_topology
from tunlab.model.topology import Topology


def load_topology(path: Path) -> Topology:
    """The topology of a file. Raises LabFileError: the first mistake in it."""
    topology, errors = check_topology(path)
    if topology is None:
        raise errors[0]
    return topology


def check_topology(path: Path) -> tuple[Topology | None, list[LabFileError]]:
    """The topology of a file, or None and its mistakes in the order of their lines."""
    problems = Problems()
    topology = None
    with problems.collect():
        topology = _read(path, problems)
    unique = {(position(error), str(error)): error for error in problems.errors}
    errors = sorted(unique.values(), key=position)
    return (None if errors else topology), errors


def _read(path: Path, problems: Problems) -> Topology:
    file = str(path)
    text = read_file(path, "topology_file_missing")
    if not text.strip():
        raise LabFileError("topology_file_empty", file, None)
    root = Value(Source(file, problems), compose(text, file), path.name, 1)
    if "steps" in root.entries() or "parts" in root.entries():
        raise root.error("topology_is_lab", folder=shown(str(path.parent)))
    fields = keys.fields(root, keys.FILE, *keys.FILE)
    name = ""
    with problems.collect():
        name = _name(fields["name"])
    return replace(read_topology(fields["topology"]), name=name)


def _name(value: Value) -> str:
    """Also the name of its session: a folder's name, and a word of the command line."""
    text = value.text()
    if not re.fullmatch("[A-Za-z0-9][A-Za-z0-9._-]{0,63}", text):
        raise value.error("topology_bad_name", value=shown(text))
    return text
