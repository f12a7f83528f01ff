"""`tunlab tunnel`: reads what was asked for, and is an endpoint until it is told to end."""

import signal
from dataclasses import dataclass

import typer

from tunlab.cli.errors import told
from tunlab.i18n import Words
from tunlab.tunnel.device import read_address
from tunlab.tunnel.endpoint import Wish, run
from tunlab.tunnel.place import read_place
from tunlab.ui.output import HungUp
from tunlab.ui.tunnel_lines import TunnelJson, TunnelLines


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for on the command line."""

    device: str
    local: str
    peer: str
    address: str | None
    mode: str
    path: str
    mtu: int | None
    receive_buffer: int
    stats: float | None
    json: bool


def run_endpoint(asked: Asked, language: str) -> None:
    """Serve until SIGTERM or SIGINT, and return: status 0."""
    words = Words(language)
    with told(words):
        wish = Wish(
            asked.device,
            read_place(asked.local, "--local"),
            read_place(asked.peer, "--peer"),
            None if asked.address is None else read_address(asked.address),
            asked.mode,
            asked.path,
            asked.mtu,
            asked.stats,
            asked.receive_buffer,
        )
        try:
            run(wish, TunnelJson(words) if asked.json else TunnelLines(words))
        except HungUp as error:
            raise typer.Exit(128 + signal.SIGHUP) from error
        except BrokenPipeError as error:  # typer would make 1 of it
            raise typer.Exit(128 + signal.SIGPIPE) from error
