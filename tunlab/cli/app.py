"""The command line: all commands in the order of the help; what one does is imported when it is called."""

from typing import Annotated, Any

import typer

from tunlab.cli import (
    lab_commands,
    machine_commands,
    packet_commands,
    session_commands,
    topology_commands,
    tunnel_commands,
)
from tunlab.cli.options import LangOption, Language, words
from tunlab.cli.typer_words import in_language
from tunlab.i18n import preferred

app = in_language(
    words,
    help=words("help_tunlab"),
    invoke_without_command=True,
    add_completion=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
lab_app = in_language(words, help=words("help_lab"), no_args_is_help=True)
tunnel_app = in_language(words, help=words("help_tunnel"))


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"tunlab {version('tunlab')}")
        raise typer.Exit


@app.callback()
def tunlab(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help=words("help_version"))
    ] = False,
    lang: LangOption = None,
) -> None:
    if context.invoked_subcommand is None:
        from tunlab.cli.catalogue import show_home

        show_home(lang or preferred())
    elif lang:
        context.default_map = _for_each_command(context.command, lang)


def _for_each_command(command: object, lang: Language) -> dict[str, Any]:
    """`tunlab --lang zh run ...` is `tunlab run --lang zh ...`."""
    commands = getattr(command, "commands", {})
    return {"lang": lang} | {name: _for_each_command(each, lang) for name, each in commands.items()}


app.command("list", help=words("help_list"))(lab_commands.list_)
app.command(help=words("help_show"))(lab_commands.show)
app.command(help=words("help_run"))(lab_commands.run)
app.command(help=words("help_doctor"))(machine_commands.doctor)
app.command(help=words("help_clean"))(machine_commands.clean)
app.command(help=words("help_validate"))(topology_commands.validate)
app.command(help=words("help_up"))(topology_commands.up)
app.command(help=words("help_ps"))(session_commands.ps)
# Whatever stands behind the node is the command's own, `-h` and `--lang` too.
app.command("exec", help=words("help_exec"), context_settings={"allow_interspersed_args": False})(
    session_commands.exec_
)
app.command(help=words("help_shell"))(session_commands.shell)
app.command(help=words("help_down"))(session_commands.down)
app.command(help=words("help_inspect"))(packet_commands.inspect)
app.command(help=words("help_ping"))(packet_commands.ping)
app.command(help=words("help_capture"))(packet_commands.capture)
app.command(help=words("help_trace"))(packet_commands.trace)
app.command(help=words("help_graph"))(topology_commands.graph)

lab_app.command(help=words("help_new"))(lab_commands.new)
lab_app.command(help=words("help_lint"))(lab_commands.lint)
lab_app.command(help=words("help_prove"))(lab_commands.prove)
app.add_typer(lab_app, name="lab")

tunnel_app.callback(invoke_without_command=True)(tunnel_commands.tunnel)
tunnel_app.command(help=words("help_keygen"))(tunnel_commands.keygen)
tunnel_app.command(help=words("help_pubkey"))(tunnel_commands.pubkey)
app.add_typer(tunnel_app, name="tunnel")
