"""`tunlab tunnel`: reads what was asked for, and is an endpoint until it is told to end."""

from dataclasses import dataclass

from tunlab.cli.errors import told
from tunlab.i18n import Words
from tunlab.tunnel.device import read_address
from tunlab.tunnel.endpoint import Wish, run
from tunlab.tunnel.place import read_place
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
        )
        run(wish, TunnelJson(words) if asked.json else TunnelLines(words))
