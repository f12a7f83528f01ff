"""`tunlab validate`: every mistake in a topology's file, or how much is in it."""

import json
import shlex
import sys
from pathlib import Path

import typer

from tunlab import paths
from tunlab.cli.errors import end_with_reader, fitted
from tunlab.errors import Status
from tunlab.i18n import Words
from tunlab.labfile.topology.load import check_topology
from tunlab.labfile.trust import topology_commands
from tunlab.ui.printable import printable


def validate(file: Path, language: str, as_json: bool) -> None:
    """Say every mistake in the file; exit 2 where there is one."""
    words = Words(language)
    end_with_reader()
    topology, errors = check_topology(file)
    for error in errors:
        place = {"file": error.file, "line": error.line, "problem": words(error.key, **error.values)}
        print(json.dumps(place) if as_json else fitted(words.error(error), sys.stdout))
    if topology is None:
        raise typer.Exit(Status.USAGE)
    if not as_json:
        nodes, links = len(topology.nodes), len(topology.links)
        print(printable(words("validate_fine", file=file, nodes=nodes, links=links)))
        if wanted := topology_commands(topology):
            print(words("validate_commands"))
        for node, command in wanted:
            print(printable(f"  {node}$ {shlex.join(command)}"))


def print_schema() -> None:
    """The JSON Schema of a topology's file, as it lies in the package."""
    end_with_reader()
    print(paths.TOPOLOGY_SCHEMA.read_text(encoding="utf-8"), end="")
