"""The commands for the endpoint of a VPN, with their options: tunnel, and those for its keys."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from tunlab.cli.options import LangOption, words
from tunlab.i18n import preferred


class TunnelMode(StrEnum):
    plain = "plain"
    compressed = "compressed"
    encrypted = "encrypted"


class TunnelPath(StrEnum):
    fast = "fast"
    simple = "simple"


KeyFile = Annotated[Path, typer.Argument(metavar="KEY_FILE", help=words("help_argument_key_file"))]


def tunnel(
    context: typer.Context,
    device: Annotated[str, typer.Option(metavar="DEVICE", help=words("help_tunnel_device"))],
    local: Annotated[str, typer.Option(metavar="ADDRESS:PORT", help=words("help_tunnel_local"))],
    peer: Annotated[str, typer.Option(metavar="ADDRESS:PORT", help=words("help_tunnel_peer"))],
    address: Annotated[
        str | None, typer.Option(metavar="ADDRESS/LENGTH", help=words("help_tunnel_address"), show_default=False)
    ] = None,
    mode: Annotated[TunnelMode, typer.Option(help=words("help_tunnel_mode"))] = TunnelMode.plain,
    key_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help=words("help_tunnel_key_file"), show_default=False)
    ] = None,
    peer_key: Annotated[
        str | None, typer.Option(metavar="KEY", help=words("help_tunnel_peer_key"), show_default=False)
    ] = None,
    rekey: Annotated[float, typer.Option(metavar="SECONDS", min=2, max=3600, help=words("help_tunnel_rekey"))] = 120,
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
    if context.invoked_subcommand is not None:
        return
    from tunlab.cli.tunnel import Asked, run_endpoint

    places, keys = (device, local, peer), (key_file, peer_key, rekey)
    asked = Asked(*places, address, mode.value, *keys, path.value, mtu, receive_buffer, stats, json)
    run_endpoint(asked, lang or preferred())


def keygen(key_file: KeyFile, lang: LangOption = None) -> None:
    from tunlab.cli.tunnel import make_key

    make_key(key_file, lang or preferred())


def pubkey(key_file: KeyFile, lang: LangOption = None) -> None:
    from tunlab.cli.tunnel import show_key

    show_key(key_file, lang or preferred())
