"""lab.yaml becomes a Lab without its prose, or the parts of a section."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

from tunlab.labfile.cursor import Value
from tunlab.labfile.document import open_document
from tunlab.labfile.pace import choose
from tunlab.labfile.problems import Problems, shown
from tunlab.labfile.programs import read_programs
from tunlab.labfile.steps import read_requires, read_steps
from tunlab.labfile.topology.read import read_topology
from tunlab.labfile.values import Scope, lab_id
from tunlab.model.lab import Lab

FILE = "lab.yaml"
_SCHEMA = "1"


def open_lab(folder: Path, problems: Problems) -> Value:
    """The root of a folder's lab.yaml, whose schema is one that we read."""
    root = open_document(folder, FILE, problems)
    schema = root.entries().get("schema")
    if schema is None:
        raise root.error("lab_missing_key", field=FILE, name="schema")
    if schema.text() != _SCHEMA:
        raise schema.error("lab_schema", value=shown(schema.text()), known=_SCHEMA)
    return root


def is_section(root: Value) -> bool:
    """Whether it lists parts, and so is a section."""
    return "parts" in root.entries()


def read_parts(root: Value) -> tuple[str, tuple[Value, ...], tuple[Value, ...]]:
    """A section's id, and the ids of its parts and of the labs beside it, each still with its place."""
    fields = root.fields(("schema", "id", "parts"), ("beside",))
    parts = fields["parts"].items()
    beside = fields["beside"].items() if "beside" in fields else []
    lines: dict[str, int] = {}
    for part in (*parts, *beside):
        name = lab_id(part)
        if name in lines:
            raise part.error("lab_id_twice", name=name, first=lines[name])
        lines[name] = part.line
    return lab_id(fields["id"]), tuple(parts), tuple(beside)


def read_lab(root: Value, folder: Path, pace: str, claims: Collection[str] | None = None) -> Lab:
    """A lab at a pace. Errors within programs, links and steps are gathered in the root's problems.

    `claims` are those that its section knows, None where there are no such.
    """
    fields = root.fields(("schema", "id", "topology", "steps"), ("requires", "pace", "programs"))
    values = choose(fields.get("pace"), pace)
    fields = {name: _at_pace(value, values) for name, value in fields.items() if name != "pace"}
    topology = read_topology(fields["topology"])
    nodes = tuple(node.name for node in topology.nodes)
    programs = read_programs(fields.get("programs"), folder, nodes)
    requires = read_requires(fields.get("requires"))
    steps = read_steps(fields["steps"], Scope(nodes, programs, claims), requires)
    return Lab(lab_id(fields["id"]), folder, topology, tuple(programs.values()), steps)


def _at_pace(value: Value, pace: Mapping[str, str]) -> Value:
    return replace(value, source=replace(value.source, pace=pace))
