"""The commands and their options; what they do is imported when one of them is called."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from tunlab.i18n import Words, preferred

words = Words(preferred())

app = typer.Typer(
    help=words("help_tunlab"),
    no_args_is_help=True,
    add_completion=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
lab_app = typer.Typer(help=words("help_lab"), no_args_is_help=True)
app.add_typer(lab_app, name="lab")


class Language(StrEnum):
    en = "en"
    zh = "zh"


class Pace(StrEnum):
    fast = "fast"
    book = "book"


LabArgument = Annotated[str, typer.Argument(help=words("help_argument_lab"), metavar="LAB")]
LangOption = Annotated[Language | None, typer.Option(help=words("help_lang"), show_default=False)]
PaceOption = Annotated[Pace, typer.Option(help=words("help_pace"))]
TwinOption = Annotated[bool, typer.Option("--twin", help=words("help_twin"))]


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"tunlab {version('tunlab')}")
        raise typer.Exit


@app.callback()
def tunlab(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help=words("help_version"))
    ] = False,
) -> None:
    pass


@app.command(help=words("help_run"))
def run(
    lab: LabArgument,
    auto: Annotated[bool, typer.Option("--auto", help=words("help_auto"))] = False,
    pace: PaceOption = Pace.fast,
    lang: LangOption = None,
    twin: TwinOption = False,
    json: Annotated[bool, typer.Option("--json", help=words("help_json"))] = False,
    save: Annotated[Path | None, typer.Option(metavar="DIR", help=words("help_save"))] = None,
    allow_exec: Annotated[bool, typer.Option("--allow-exec", help=words("help_allow_exec"))] = False,
) -> None:
    from tunlab.cli.run import Options, run_lab

    run_lab(Options(lab, auto or json, pace, twin, json, save, allow_exec), lang or preferred())


@lab_app.command(help=words("help_lint"))
def lint(
    lab: LabArgument,
    lang: LangOption = None,
    json: Annotated[bool, typer.Option("--json", help=words("help_lint_json"))] = False,
) -> None:
    from tunlab.cli.lab import lint_lab

    lint_lab(lab, lang or preferred(), json)


@lab_app.command(help=words("help_prove"))
def prove(
    lab: LabArgument,
    lang: LangOption = None,
    twin: TwinOption = False,
    json: Annotated[bool, typer.Option("--json", help=words("help_prove_json"))] = False,
) -> None:
    from tunlab.cli.lab import prove_lab

    prove_lab(lab, lang or preferred(), twin, json)
