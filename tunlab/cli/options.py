"""What the commands have in common: the language of the help, and options and arguments that several of them take."""

import sys
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated

import typer

from tunlab.cli.complete import complete_lab, complete_node, complete_session
from tunlab.i18n import LANGUAGES, Words, preferred


def _language(arguments: Sequence[str]) -> str:
    """The language of the help: that of --lang, which it is too early to parse, else that of the locale."""
    for option, value in zip(arguments, (*arguments[1:], ""), strict=True):
        asked = value if option == "--lang" else option.removeprefix("--lang=")
        if option.startswith("--lang") and asked in LANGUAGES:
            return asked
    return preferred()


words = Words(_language(sys.argv))


class Language(StrEnum):
    en = "en"
    zh = "zh"


LabArgument = Annotated[
    str, typer.Argument(help=words("help_argument_lab"), metavar="LAB", autocompletion=complete_lab)
]
NodeArgument = Annotated[
    str, typer.Argument(help=words("help_argument_node"), metavar="NODE", autocompletion=complete_node)
]
SessionOption = Annotated[
    str | None, typer.Option("--session", metavar="NAME", help=words("help_session"), autocompletion=complete_session)
]
LangOption = Annotated[Language | None, typer.Option(help=words("help_lang"), show_default=False)]
