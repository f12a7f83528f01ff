"""`tunlab tunnel`: reads what was asked for, and is an endpoint until it is told to end."""

import signal
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from tunlab.cli.errors import told
from tunlab.errors import Status, TunlabError
from tunlab.i18n import Words
from tunlab.tunnel.device import read_address
from tunlab.tunnel.endpoint import Wish, run
from tunlab.tunnel.place import read_place
from tunlab.ui.output import HungUp, Output
from tunlab.ui.tunnel_lines import TunnelJson, TunnelLines

if TYPE_CHECKING:
    from tunlab.tunnel.encrypted.opened import Secrets


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for on the command line."""

    device: str
    local: str
    peer: str
    address: str | None
    mode: str
    key_file: Path | None
    peer_key: str | None
    rekey: float
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
            _secrets(asked),
        )
        try:
            run(wish, TunnelJson(words) if asked.json else TunnelLines(words))
        except HungUp as error:
            raise typer.Exit(128 + signal.SIGHUP) from error
        except BrokenPipeError as error:  # typer would make 1 of it
            raise typer.Exit(128 + signal.SIGPIPE) from error


def _secrets(asked: Asked) -> "Secrets | None":
    """Keys belong to one mode, and that needs both."""
    if asked.mode != "encrypted":
        if asked.key_file is not None or asked.peer_key is not None:
            raise TunlabError("tunnel_keys_unused", Status.USAGE, mode=asked.mode)
        return None
    if asked.key_file is None or asked.peer_key is None:
        raise TunlabError("tunnel_keys_wanted", Status.USAGE)
    from tunlab.tunnel.encrypted.opened import Secrets

    return Secrets(asked.key_file, asked.peer_key, asked.rekey)


def make_key(path: Path, language: str) -> None:
    """A new key in a file; its public half is printed."""
    from tunlab.tunnel.encrypted.key_files import generate

    with told(Words(language)):
        print(generate(path), file=Output())


def show_key(path: Path, language: str) -> None:
    """The public half of a key that is there."""
    from tunlab.tunnel.encrypted.key_files import public_text, read_private

    with told(Words(language)):
        print(public_text(read_private(path).public_key()), file=Output())
