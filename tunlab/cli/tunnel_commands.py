"""The command for the endpoint of a VPN, with its options: tunnel."""

from enum import StrEnum
from typing import Annotated

import typer

from tunlab.cli.options import LangOption, words
from tunlab.i18n import preferred


class TunnelMode(StrEnum):
    plain = "plain"


class TunnelPath(StrEnum):
    fast = "fast"
    simple = "simple"


def tunnel(
    device: Annotated[str, typer.Option(metavar="DEVICE", help=words("help_tunnel_device"))],
    local: Annotated[str, typer.Option(metavar="ADDRESS:PORT", help=words("help_tunnel_local"))],
    peer: Annotated[str, typer.Option(metavar="ADDRESS:PORT", help=words("help_tunnel_peer"))],
    address: Annotated[
        str | None, typer.Option(metavar="ADDRESS/LENGTH", help=words("help_tunnel_address"), show_default=False)
    ] = None,
    mode: Annotated[TunnelMode, typer.Option(help=words("help_tunnel_mode"))] = TunnelMode.plain,
    path: Annotated[TunnelPath, typer.Option(help=words("help_tunnel_path"))] = TunnelPath.fast,
    mtu: Annotated[
        int | None,
        typer.Option(metavar="BYTES", min=68, max=65535, help=words("help_tunnel_mtu"), show_default=False),
    ] = None,
    receive_buffer: Annotated[
        int, typer.Option(metavar="BYTES", min=4096, max=1 << 30, help=words("help_tunnel_receive_buffer"))
    ] = 4 << 20,
    stats: Annotated[
        float | None,
        typer.Option(metavar="SECONDS", min=0.1, help=words("help_tunnel_stats"), show_default=False),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help=words("help_tunnel_json"))] = False,
    lang: LangOption = None,
) -> None:
    from tunlab.cli.tunnel import Asked, run_endpoint

    asked = Asked(device, local, peer, address, mode.value, path.value, mtu, receive_buffer, stats, json)
    run_endpoint(asked, lang or preferred())
