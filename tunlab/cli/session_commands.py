"""The commands for what is running, with their options: ps, exec, shell, down."""

from typing import Annotated

import typer

from tunlab.cli.complete import complete_node, complete_session
from tunlab.cli.options import LangOption, NodeArgument, SessionOption, words
from tunlab.i18n import preferred


def ps(
    lang: LangOption = None,
    json: Annotated[bool, typer.Option("--json", help=words("help_ps_json"))] = False,
) -> None:
    from tunlab.cli.sessions import list_sessions

    list_sessions(lang or preferred(), json)


def exec_(
    node: NodeArgument,
    command: Annotated[
        list[str] | None, typer.Argument(help=words("help_argument_command"), metavar="-- CMD...", show_default=False)
    ] = None,
    session: SessionOption = None,
    lang: LangOption = None,
) -> None:
    from tunlab.cli.sessions import run_command

    run_command(session, node, command or [], lang or preferred())


def shell(
    node: Annotated[
        str | None,
        typer.Argument(help=words("help_argument_shell_node"), metavar="[NODE]", autocompletion=complete_node),
    ] = None,
    session: SessionOption = None,
    lang: LangOption = None,
) -> None:
    from tunlab.cli.sessions import open_shell

    open_shell(session, node, lang or preferred())


def down(
    session: Annotated[
        str | None,
        typer.Argument(help=words("help_argument_session"), metavar="[SESSION]", autocompletion=complete_session),
    ] = None,
    lang: LangOption = None,
) -> None:
    from tunlab.cli.sessions import end_session

    end_session(session, lang or preferred())
