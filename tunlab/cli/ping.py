"""`tunlab ping`: finds the node, and has it send echo requests; exits as ping(8) does."""

import os
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from ipaddress import ip_address

import typer

from tunlab import paths
from tunlab.cli.choosing import unknown
from tunlab.cli.errors import end_with_reader, tell, told
from tunlab.cli.joining import run_in
from tunlab.cli.node_session import session_with
from tunlab.engine.pinging import Pinging, Wish
from tunlab.errors import KernelError, Status, TunlabError
from tunlab.i18n import Words
from tunlab.kernel.joined import enter_node, node_names
from tunlab.packet.scapy_loader import load_scapy
from tunlab.ui.output import HungUp
from tunlab.ui.page import Page
from tunlab.ui.ping_table import PingJson, PingLines, PingTable, heading

ANSWERED, SILENT = 0, 1  # as ping(8): whether there was a reply
_MOST_BYTES = 1 << 16  # of a file of hosts


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for on the command line: `places` are the node and the address, or with `host` the address."""

    places: list[str]
    session: str | None
    host: bool
    count: int | None
    size: int
    ttl: int
    interval: float
    df: bool
    json: bool


def ping(asked: Asked, language: str) -> None:
    """Ping, and exit with the status."""
    words = Words(language)
    with told(words):
        if asked.host and asked.session is not None:
            raise TunlabError("ping_session_or_host", Status.USAGE)
        if len(asked.places) != (1 if asked.host else 2):
            raise TunlabError("ping_arguments_host" if asked.host else "ping_arguments", Status.USAGE)
        *node, address = asked.places
        wish = Wish(node[0] if node else "", address, asked.count, asked.size, asked.ttl, asked.interval, asked.df)
        if asked.host:
            raise typer.Exit(_prepared(wish, asked.json, words, "", _resolved_here)())
        found = session_with(words, asked.session, wish.node)
        main = _prepared(wish, asked.json, words, found.session.lab, _resolved_inside)
        raise typer.Exit(run_in(found, main, os.isatty(0) and os.isatty(1)))


def _prepared(wish: Wish, as_json: bool, words: Words, lab: str, resolved: Callable[[str], str]) -> Callable[[], int]:
    """What runs in the sandbox and returns the exit status; it imports nothing: the files inside may be others."""
    load_scapy()
    _warm(wish)
    live = not as_json and sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"
    page = Page(words)
    title = heading(wish.node, wish.address, wish.size, words)
    with page.console.capture():  # rich loads what it needs when it is first used
        page.console.print(":x: \u5305")
        table = PingTable(page, title)

    def main() -> int:
        end_with_reader()
        try:
            if wish.node and wish.node not in (known := node_names()):
                raise unknown("node", wish.node, known)
            there = replace(wish, address=resolved(wish.address))
            if wish.node:
                enter_node(wish.node)
            view = PingJson(lab) if as_json else table if live else PingLines(page, title)
            try:
                summary = Pinging(there, view).run()
            finally:
                table.close()
        except KernelError as error:
            if error.errno_name in ("EPERM", "EACCES") and not wish.node:
                error = TunlabError("ping_not_permitted", errno=error.errno_name)  # type: ignore[assignment]
            tell(words, error)
            return error.status
        except TunlabError as error:
            tell(words, error)
            return error.status
        except KeyboardInterrupt:
            return SILENT
        except HungUp:
            return 128 + signal.SIGHUP
        return ANSWERED if summary.answered else SILENT

    return main


def _warm(wish: Wish) -> None:
    """Have scapy import what it needs for each kind of packet, here."""
    from tunlab.packet.craft import echo_request, fragments

    for one in ("192.0.2.1", "2001:db8::1"):
        fragments(echo_request(one, one, 1, 1, bytes(2000), wish.ttl), 1280)


def _numeric(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _resolved_inside(name: str) -> str:
    """The address of a node, by the sandbox's /etc/hosts; nobody is asked over a network."""
    if _numeric(name):
        return name
    known: dict[str, str] = {}
    with suppress(OSError), paths.HOSTS.open("rb") as file:
        for line in file.read(_MOST_BYTES).decode(errors="replace").splitlines():
            address, *names = line.partition("#")[0].split()[:10] or [""]
            known |= {each: address for each in names if each not in known and _numeric(address)}
    if name not in known:
        raise TunlabError("ping_unknown_name", Status.USAGE, name=name, known=", ".join(known))
    return known[name]


def _resolved_here(name: str) -> str:
    if _numeric(name):
        return name
    try:
        return str(socket.getaddrinfo(name, None, type=socket.SOCK_RAW)[0][4][0])
    except (OSError, UnicodeError) as error:
        raise TunlabError("ping_unknown_name_host", Status.USAGE, name=name) from error
