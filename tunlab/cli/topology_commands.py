"""The commands for topology files, with their options: validate, up, graph."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from tunlab.cli.options import LangOption, SessionOption, words
from tunlab.i18n import preferred


def _schema(wanted: bool) -> None:
    if wanted:
        from tunlab.cli.validate import print_schema

        print_schema()
        raise typer.Exit


def validate(
    file: Annotated[Path, typer.Argument(help=words("help_argument_topology"), metavar="FILE")],
    json: Annotated[bool, typer.Option("--json", help=words("help_validate_json"))] = False,
    schema: Annotated[
        bool, typer.Option("--schema", callback=_schema, is_eager=True, help=words("help_validate_schema"))
    ] = False,
    lang: LangOption = None,
) -> None:
    from tunlab.cli.validate import validate as validate_file

    validate_file(file, lang or preferred(), json)


def up(
    file: Annotated[Path, typer.Argument(help=words("help_argument_topology"), metavar="FILE", readable=False)],
    foreground: Annotated[bool, typer.Option("--foreground", help=words("help_up_foreground"))] = False,
    lang: LangOption = None,
) -> None:
    from tunlab.cli.up import bring_up

    bring_up(file, foreground, lang or preferred())


class GraphFormat(StrEnum):
    terminal = "terminal"
    mermaid = "mermaid"
    dot = "dot"
    svg = "svg"


def graph(
    file: Annotated[
        Path | None, typer.Argument(help=words("help_argument_graph"), metavar="[FILE]", show_default=False)
    ] = None,
    session: SessionOption = None,
    format: Annotated[GraphFormat | None, typer.Option(help=words("help_graph_format"), show_default=False)] = None,
    write: Annotated[Path | None, typer.Option("--write", "-w", metavar="FILE", help=words("help_graph_write"))] = None,
    lang: LangOption = None,
) -> None:
    from tunlab.cli.graph import Asked
    from tunlab.cli.graph import graph as draw

    draw(Asked(file, session, format and format.value, write), lang or preferred())
