"""The commands that look at devices and packets, with their options: inspect, ping, capture, trace."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from tunlab.cli.complete import complete_device, complete_node
from tunlab.cli.options import LangOption, NodeArgument, SessionOption, words
from tunlab.i18n import preferred


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
