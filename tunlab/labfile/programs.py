"""The `programs` of lab.yaml: C sources of the lab, modules of ours, commands of the system."""

import re
from collections.abc import Collection
from pathlib import Path

from tunlab.labfile import known
from tunlab.labfile.cursor import Value, if_there, texts
from tunlab.labfile.files import stays_inside
from tunlab.labfile.problems import shown
from tunlab.labfile.values import declared_name, device_name, node_name
from tunlab.model.program import Program
from tunlab.model.topology import Endpoint


def read_programs(value: Value | None, folder: Path, nodes: Collection[str]) -> dict[str, Program]:
    """The programs by name. A faulty one keeps its name, so that steps that use it are not blamed too."""
    programs: dict[str, Program] = {}
    for name, item in value.entries().items() if value else ():
        programs[name] = Program(name, node="")
        with item.source.problems.collect():
            programs[name] = _program(item, folder, nodes)
    return programs


def _program(value: Value, folder: Path, nodes: Collection[str]) -> Program:
    name = declared_name(value)
    fields = value.fields(
        ("node",), ("source", "module", "arguments", "words", "device", "tells_read", "ready", "title")
    )
    if "words" in fields:
        value.one_of(fields, "source", "module", "words")
    value.some_of(fields, "source", "module", "words")
    value.some_of(fields, "ready", "device")
    node = node_name(fields["node"], nodes)
    device = if_there(fields.get("device"), device_name)
    return Program(
        name,
        node,
        source=if_there(fields.get("source"), lambda source: _source(source, folder)),
        module=if_there(fields.get("module"), lambda module: module.choice(known.modules())),
        arguments=if_there(fields.get("arguments"), texts) or (),
        words=if_there(fields.get("words"), texts) or (),
        device=Endpoint(node, device) if device else None,
        tells_read=if_there(fields.get("tells_read"), _tells_read),
        ready=if_there(fields.get("ready"), Value.text),
        title=if_there(fields.get("title"), Value.text),
    )


def _source(value: Value, folder: Path) -> str:
    name = value.text()
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]*\.c", name):
        raise value.error("lab_bad_source", name=shown(name))
    if not stays_inside(folder, name):
        raise value.error("lab_source_outside", name=name)
    if not (folder / name).is_file():
        raise value.error("lab_source_missing", name=name)
    return name


def _tells_read(value: Value) -> str:
    line = value.text()
    if line.count("{length}") != 1:
        raise value.error("lab_tells_read", value=shown(line))
    return line
