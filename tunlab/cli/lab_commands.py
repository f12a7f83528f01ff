"""The commands for labs, with their options: list, show, run; for authors new, lint, prove."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from tunlab.cli.complete import complete_step
from tunlab.cli.options import LabArgument, LangOption, words
from tunlab.i18n import preferred


class Pace(StrEnum):
    fast = "fast"
    book = "book"


PaceOption = Annotated[Pace, typer.Option(help=words("help_pace"))]
TwinOption = Annotated[bool, typer.Option("--twin", help=words("help_twin"))]


def list_(
    claims: Annotated[bool, typer.Option("--claims", help=words("help_list_claims"))] = False,
    lang: LangOption = None,
    json: Annotated[bool, typer.Option("--json", help=words("help_list_json"))] = False,
) -> None:
    from tunlab.cli.catalogue import list_claims, list_labs

    (list_claims if claims else list_labs)(lang or preferred(), json)


def show(
    lab: LabArgument,
    notes: Annotated[bool, typer.Option("--notes", help=words("help_notes"))] = False,
    lang: LangOption = None,
    json: Annotated[bool, typer.Option("--json", help=words("help_show_json"))] = False,
) -> None:
    from tunlab.cli.catalogue import show_lab

    show_lab(lab, lang or preferred(), notes, json)


def run(
    lab: LabArgument,
    auto: Annotated[bool, typer.Option("--auto", help=words("help_auto"))] = False,
    pace: PaceOption = Pace.fast,
    lang: LangOption = None,
    twin: TwinOption = False,
    since: Annotated[
        str | None, typer.Option("--from", metavar="STEP", help=words("help_from"), autocompletion=complete_step)
    ] = None,
    only: Annotated[
        str | None, typer.Option("--only", metavar="STEP", help=words("help_only"), autocompletion=complete_step)
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help=words("help_fresh"))] = False,
    projector: Annotated[bool, typer.Option("--projector", help=words("help_projector"))] = False,
    json: Annotated[bool, typer.Option("--json", help=words("help_json"))] = False,
    save: Annotated[Path | None, typer.Option(metavar="DIR", help=words("help_save"))] = None,
    allow_exec: Annotated[bool, typer.Option("--allow-exec", help=words("help_allow_exec"))] = False,
) -> None:
    from tunlab.cli.beginning import Wanted
    from tunlab.cli.run import Options, run_lab

    wanted = Wanted(since, only, fresh)
    run_lab(Options(lab, auto or json, pace, twin, json, save, allow_exec, projector, wanted), lang or preferred())


def new(
    folder: Annotated[Path, typer.Argument(help=words("help_argument_new"), metavar="DIR")],
    lang: LangOption = None,
) -> None:
    from tunlab.cli.lab import make_lab

    make_lab(folder, lang or preferred())


def lint(
    lab: LabArgument,
    lang: LangOption = None,
    json: Annotated[bool, typer.Option("--json", help=words("help_lint_json"))] = False,
) -> None:
    from tunlab.cli.lab import lint_lab

    lint_lab(lab, lang or preferred(), json)


def prove(
    lab: LabArgument,
    lang: LangOption = None,
    twin: TwinOption = False,
    json: Annotated[bool, typer.Option("--json", help=words("help_prove_json"))] = False,
) -> None:
    from tunlab.cli.lab import prove_lab

    prove_lab(lab, lang or preferred(), twin, json)
