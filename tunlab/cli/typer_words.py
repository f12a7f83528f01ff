"""What typer says by itself, such as `Usage:` and `Missing argument`, in the language of the rest.

typer has no catalogue of its words that could be exchanged, so its finished text is searched for the English ones.
Words that another release puts otherwise stay English; nothing depends on them.
"""

import io
import re
import sys
from collections.abc import Callable
from functools import partial
from string import Formatter
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from tunlab.errors import Status
from tunlab.i18n import Words

_LINES = ("usage", "arguments", "options", "commands", "error")  # these begin a line
_WITHIN = (
    "any_options",
    "any_command",
    "required",
    "default",
    "show_help",
    "install_completion",
    "show_completion",
    "try",
    "no_command",
    "near",
    "command_missing",
    "argument_missing",
    "option_missing",
    "choose",
    "extra",
    "extra_one",
    "extra_many",
    "no_option",
    "near_options",
    "no_value",
    "invalid",
    "none_of",
    "none_of_them",
    "at_least",
    "at_most",
    "whole",
    "number",
    "no_whole",
    "no_number",
    "range_of",
    "aborted",
)


def translated(text: str, words: Words) -> str:
    """A text of typer's, with as many of its own words as are known in the language of `words`."""
    if words.language == "en":
        return text
    english = Words("en")
    for name in (*_LINES, *_WITHIN):
        key = f"typer_{name}"
        pattern = ("^" if name in _LINES else "") + _pattern(english.find(key) or "")
        text = re.sub(pattern, partial(_said, words, key), text, flags=re.MULTILINE)
    return text


def _said(words: Words, key: str, found: re.Match[str]) -> str:
    return words(key, **found.groupdict())


def _pattern(sentence: str) -> str:
    """What finds the sentence, whatever stands in its gaps, and wherever a line was broken."""
    parts = Formatter().parse(sentence)
    found = ((re.escape(text).replace(r"\ ", r"\s+"), gap) for text, gap, _, _ in parts)
    return "".join(text + (f"(?P<{gap}>.+?)" if gap else "") for text, gap in found)


def in_language(words: Words, **settings: Any) -> typer.Typer:
    """A group of commands whose help is in the language of `words`."""

    class Command(TyperCommand):
        def get_help(self, ctx: Any) -> str:
            return translated(super().get_help(ctx), words)

    class Group(TyperGroup):
        def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
            """What a group that is a command itself cannot do without, its commands can."""
            wanted = [each for each in self.params if each.required]
            if args and args[0] in self.commands:
                for each in wanted:
                    each.required = False
            try:
                return list(super().parse_args(ctx, args))
            finally:
                for each in wanted:
                    each.required = True

        def get_help(self, ctx: Any) -> str:
            return translated(super().get_help(ctx), words)

    class App(typer.Typer):
        def command(self, *names: Any, **options: Any) -> Callable[[Any], Any]:
            return super().command(*names, **{"cls": Command, **options})

    return App(cls=Group, **settings)


def call(app: typer.Typer, words: Words) -> int:
    """Parse the command line, do what it says, and return the exit status."""
    try:
        status = app(standalone_mode=False)
    except typer.Abort:
        print(words("typer_aborted"), file=sys.stderr)
        return 1
    except Exception as error:
        if not hasattr(error, "show"):  # then it is no error of usage, whatever module typer has taken that from
            raise
        said = io.StringIO()
        error.show(said)
        print(translated(said.getvalue(), words), end="", file=sys.stderr)
        return int(getattr(error, "exit_code", Status.USAGE))
    return status if isinstance(status, int) else Status.FINE
