"""`tunlab trace`: finds the session, and has a packet followed through it."""

import os
from dataclasses import dataclass
from pathlib import Path

import typer

from tunlab import paths
from tunlab.cli.errors import told
from tunlab.cli.joining import run_in
from tunlab.cli.node_session import session_with
from tunlab.engine.new_file import new_file
from tunlab.errors import Status, TunlabError
from tunlab.i18n import Words


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for on the command line; None where a default is meant."""

    node: str
    address: str
    protocol: str
    count: int
    size: int | None
    port: int | None
    ttl: int
    df: bool
    timeout: float | None
    json: bool
    graph: bool
    svg: Path | None
    session: str | None
    host: bool


def trace_packet(asked: Asked, language: str) -> None:
    """Follow it, and exit with the status."""
    words = Words(language)
    with told(words):
        if asked.host and asked.session is not None:
            raise TunlabError("capture_session_or_host", Status.USAGE)
        if asked.port is not None and asked.protocol == "icmp":
            raise TunlabError("trace_port_icmp", Status.USAGE)
        if asked.size is not None and asked.protocol == "tcp":
            raise TunlabError("trace_size_tcp", Status.USAGE)
        here = asked.host or paths.SANDBOX_RUN.is_dir()
        found = None if here else session_with(words, asked.session, asked.node)
        with new_file(asked.svg) as file:
            from tunlab.cli.tracing import Showing, prepared
            from tunlab.engine.trace.tracer import Wanted

            wanted = Wanted(
                asked.node, asked.address, asked.protocol, asked.count, ttl=asked.ttl, df=asked.df,
                patience=asked.timeout,
                **({"size": asked.size} if asked.size is not None else {}),
                **({"port": asked.port} if asked.port is not None else {}),
            )  # fmt: skip
            name = found.session.name if found else os.uname().nodename
            showing = Showing(asked.json, asked.graph, file, name, found.session.lab if found else "")
            main = prepared(wanted, showing, words)
            status = run_in(found, main, False, [file.fileno()] if file else []) if found else main()
        raise typer.Exit(status)
