"""The commands for this machine, with their options: doctor, clean."""

from typing import Annotated

import typer

from tunlab.cli.options import LangOption, words
from tunlab.i18n import preferred


def doctor(
    lang: LangOption = None,
    json: Annotated[bool, typer.Option("--json", help=words("help_doctor_json"))] = False,
) -> None:
    from tunlab.cli.doctor import diagnose

    diagnose(lang or preferred(), json)


def clean(
    yes: Annotated[bool, typer.Option("--yes", help=words("help_clean_yes"))] = False,
    everywhere: Annotated[bool, typer.Option("--all", help=words("help_clean_all"))] = False,
    lang: LangOption = None,
) -> None:
    from tunlab.cli.clean import clean_up

    clean_up(yes, everywhere, lang or preferred())
