"""The commands and their options; what they do is imported when one of them is called."""

import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from tunlab.cli.complete import complete_device, complete_lab, complete_node, complete_session, complete_step
from tunlab.cli.typer_words import in_language
from tunlab.i18n import LANGUAGES, Words, preferred


def _language(arguments: Sequence[str]) -> str:
    """The language of the help: that of --lang, which it is too early to parse, else that of the locale."""
    for option, value in zip(arguments, (*arguments[1:], ""), strict=True):
        asked = value if option == "--lang" else option.removeprefix("--lang=")
        if option.startswith("--lang") and asked in LANGUAGES:
            return asked
    return preferred()


words = Words(_language(sys.argv))

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
app.add_typer(lab_app, name="lab")


class Language(StrEnum):
    en = "en"
    zh = "zh"


class Pace(StrEnum):
    fast = "fast"
    book = "book"


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
PaceOption = Annotated[Pace, typer.Option(help=words("help_pace"))]
TwinOption = Annotated[bool, typer.Option("--twin", help=words("help_twin"))]


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
    commands = getattr(command, "commands", None)
    return {name: _for_each_command(each, lang) for name, each in commands.items()} if commands else {"lang": lang}


@app.command("list", help=words("help_list"))
def list_(
    claims: Annotated[bool, typer.Option("--claims", help=words("help_list_claims"))] = False,
    lang: LangOption = None,
    json: Annotated[bool, typer.Option("--json", help=words("help_list_json"))] = False,
) -> None:
    from tunlab.cli.catalogue import list_claims, list_labs

    (list_claims if claims else list_labs)(lang or preferred(), json)


@app.command(help=words("help_show"))
def show(
    lab: LabArgument,
    notes: Annotated[bool, typer.Option("--notes", help=words("help_notes"))] = False,
    lang: LangOption = None,
    json: Annotated[bool, typer.Option("--json", help=words("help_show_json"))] = False,
) -> None:
    from tunlab.cli.catalogue import show_lab

    show_lab(lab, lang or preferred(), notes, json)


@app.command(help=words("help_run"))
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


@app.command(help=words("help_doctor"))
def doctor(
    lang: LangOption = None,
    json: Annotated[bool, typer.Option("--json", help=words("help_doctor_json"))] = False,
) -> None:
    from tunlab.cli.doctor import diagnose

    diagnose(lang or preferred(), json)


@app.command(help=words("help_clean"))
def clean(
    yes: Annotated[bool, typer.Option("--yes", help=words("help_clean_yes"))] = False,
    everywhere: Annotated[bool, typer.Option("--all", help=words("help_clean_all"))] = False,
    lang: LangOption = None,
) -> None:
    from tunlab.cli.clean import clean_up

    clean_up(yes, everywhere, lang or preferred())


def _schema(wanted: bool) -> None:
    if wanted:
        from tunlab.cli.validate import print_schema

        print_schema()
        raise typer.Exit


@app.command(help=words("help_validate"))
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


@app.command(help=words("help_up"))
def up(
    file: Annotated[Path, typer.Argument(help=words("help_argument_topology"), metavar="FILE", readable=False)],
    foreground: Annotated[bool, typer.Option("--foreground", help=words("help_up_foreground"))] = False,
    lang: LangOption = None,
) -> None:
    from tunlab.cli.up import bring_up

    bring_up(file, foreground, lang or preferred())


@app.command(help=words("help_ps"))
def ps(
    lang: LangOption = None,
    json: Annotated[bool, typer.Option("--json", help=words("help_ps_json"))] = False,
) -> None:
    from tunlab.cli.sessions import list_sessions

    list_sessions(lang or preferred(), json)


# Whatever stands behind the node is the command's own, `-h` and `--lang` too.
@app.command("exec", help=words("help_exec"), context_settings={"allow_interspersed_args": False})
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


@app.command(help=words("help_shell"))
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


@app.command(help=words("help_down"))
def down(
    session: Annotated[
        str | None,
        typer.Argument(help=words("help_argument_session"), metavar="[SESSION]", autocompletion=complete_session),
    ] = None,
    lang: LangOption = None,
) -> None:
    from tunlab.cli.sessions import end_session

    end_session(session, lang or preferred())


@app.command(help=words("help_inspect"))
def inspect(
    device: Annotated[
        str,
        typer.Argument(
            metavar="[NODE:]DEVICE",
            help=words("help_argument_device"),
            autocompletion=complete_device,
            show_default=False,
        ),
    ],
    once: Annotated[bool, typer.Option("--once", help=words("help_inspect_once"))] = False,
    count: Annotated[
        int | None, typer.Option("-c", "--count", metavar="N", min=1, help=words("help_inspect_count"))
    ] = None,
    filter: Annotated[str, typer.Option(metavar="EXPR", help=words("help_capture_filter"), show_default=False)] = "",
    write: Annotated[
        Path | None, typer.Option("--write", "-w", metavar="FILE.pcapng", help=words("help_inspect_write"))
    ] = None,
    json: Annotated[bool, typer.Option("--json", help=words("help_inspect_json"))] = False,
    session: SessionOption = None,
    host: Annotated[bool, typer.Option("--host", help=words("help_inspect_host"))] = False,
    lang: LangOption = None,
) -> None:
    from tunlab.cli.inspect import Asked, inspect_device

    inspect_device(Asked(device, session, host, once, count, filter, write, json), lang or preferred())


@app.command(help=words("help_ping"))
def ping(
    places: Annotated[
        list[str],
        typer.Argument(
            metavar="NODE ADDRESS", help=words("help_argument_ping"), autocompletion=complete_node, show_default=False
        ),
    ],
    count: Annotated[
        int | None, typer.Option("-c", "--count", metavar="N", min=1, help=words("help_ping_count"))
    ] = None,
    size: Annotated[
        int, typer.Option("-s", "--size", metavar="BYTES", min=0, max=65507, help=words("help_ping_size"))
    ] = 56,
    ttl: Annotated[int, typer.Option("-t", "--ttl", metavar="N", min=1, max=255, help=words("help_ping_ttl"))] = 64,
    interval: Annotated[
        float, typer.Option("-i", "--interval", metavar="SECONDS", min=0.002, help=words("help_ping_interval"))
    ] = 1.0,
    df: Annotated[bool, typer.Option("--df", help=words("help_ping_df"))] = False,
    session: SessionOption = None,
    host: Annotated[bool, typer.Option("--host", help=words("help_ping_host"))] = False,
    json: Annotated[bool, typer.Option("--json", help=words("help_ping_json"))] = False,
    lang: LangOption = None,
) -> None:
    from tunlab.cli.ping import Asked
    from tunlab.cli.ping import ping as ping_address

    ping_address(Asked(places, session, host, count, size, ttl, interval, df, json), lang or preferred())


@app.command(help=words("help_capture"))
def capture(
    write: Annotated[str, typer.Option("--write", "-w", metavar="FILE.pcapng", help=words("help_capture_write"))],
    places: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NODE[:DEVICE]]...",
            help=words("help_argument_capture"),
            autocompletion=complete_device,
            show_default=False,
        ),
    ] = None,
    session: SessionOption = None,
    host: Annotated[bool, typer.Option("--host", help=words("help_capture_host"))] = False,
    buffer: Annotated[str, typer.Option(metavar="SIZE", help=words("help_capture_buffer"))] = "2M",
    filter: Annotated[str, typer.Option(metavar="EXPR", help=words("help_capture_filter"), show_default=False)] = "",
    count: Annotated[
        int | None, typer.Option("-c", "--count", metavar="N", min=1, help=words("help_capture_count"))
    ] = None,
    lang: LangOption = None,
) -> None:
    from tunlab.cli.capture import Asked
    from tunlab.cli.capture import capture as capture_devices

    capture_devices(Asked(places or [], write, session, host, buffer, filter, count), lang or preferred())


class Protocol(StrEnum):
    icmp = "icmp"
    udp = "udp"
    tcp = "tcp"


@app.command(help=words("help_trace"))
def trace(
    node: NodeArgument,
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help=words("help_argument_trace"))],
    protocol: Annotated[Protocol, typer.Option(help=words("help_trace_protocol"))] = Protocol.icmp,
    count: Annotated[
        int, typer.Option("-c", "--count", metavar="N", min=1, max=1000, help=words("help_trace_count"))
    ] = 1,
    size: Annotated[int | None, typer.Option(metavar="BYTES", min=1, max=65535, help=words("help_trace_size"))] = None,
    port: Annotated[int | None, typer.Option(metavar="N", min=1, max=65535, help=words("help_trace_port"))] = None,
    ttl: Annotated[int, typer.Option(metavar="N", min=1, max=255, help=words("help_trace_ttl"))] = 64,
    df: Annotated[bool, typer.Option("--df", help=words("help_trace_df"))] = False,
    timeout: Annotated[
        float | None, typer.Option(metavar="SECONDS", min=0.1, max=600, help=words("help_trace_timeout"))
    ] = None,
    json: Annotated[bool, typer.Option("--json", help=words("help_trace_json"))] = False,
    graph: Annotated[bool, typer.Option("--graph", help=words("help_trace_graph"))] = False,
    svg: Annotated[Path | None, typer.Option(metavar="FILE", help=words("help_trace_svg"))] = None,
    session: SessionOption = None,
    host: Annotated[bool, typer.Option("--host", help=words("help_trace_host"))] = False,
    lang: LangOption = None,
) -> None:
    from tunlab.cli.trace import Asked, trace_packet

    asked = Asked(
        node, address, protocol.value, count, size, port, ttl, df, timeout, json, graph, svg, session, host
    )  # fmt: skip
    trace_packet(asked, lang or preferred())


class TunnelMode(StrEnum):
    plain = "plain"


class TunnelPath(StrEnum):
    simple = "simple"


@app.command(help=words("help_tunnel"))
def tunnel(
    device: Annotated[str, typer.Option(metavar="DEVICE", help=words("help_tunnel_device"))],
    local: Annotated[str, typer.Option(metavar="ADDRESS:PORT", help=words("help_tunnel_local"))],
    peer: Annotated[str, typer.Option(metavar="ADDRESS:PORT", help=words("help_tunnel_peer"))],
    address: Annotated[
        str | None, typer.Option(metavar="ADDRESS/LENGTH", help=words("help_tunnel_address"), show_default=False)
    ] = None,
    mode: Annotated[TunnelMode, typer.Option(help=words("help_tunnel_mode"))] = TunnelMode.plain,
    path: Annotated[TunnelPath, typer.Option(help=words("help_tunnel_path"))] = TunnelPath.simple,
    mtu: Annotated[
        int | None,
        typer.Option(metavar="BYTES", min=68, max=65535, help=words("help_tunnel_mtu"), show_default=False),
    ] = None,
    stats: Annotated[
        float | None,
        typer.Option(metavar="SECONDS", min=0.1, help=words("help_tunnel_stats"), show_default=False),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help=words("help_tunnel_json"))] = False,
    lang: LangOption = None,
) -> None:
    from tunlab.cli.tunnel import Asked, run_endpoint

    asked = Asked(device, local, peer, address, mode.value, path.value, mtu, stats, json)
    run_endpoint(asked, lang or preferred())


class GraphFormat(StrEnum):
    terminal = "terminal"
    mermaid = "mermaid"
    dot = "dot"
    svg = "svg"


@app.command(help=words("help_graph"))
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


@lab_app.command(help=words("help_new"))
def new(
    folder: Annotated[Path, typer.Argument(help=words("help_argument_new"), metavar="DIR")],
    lang: LangOption = None,
) -> None:
    from tunlab.cli.lab import make_lab

    make_lab(folder, lang or preferred())


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
