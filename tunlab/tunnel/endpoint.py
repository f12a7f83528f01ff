"""An endpoint from its beginning to its end: opens device and socket, runs a process a direction, ends both."""

import gc
import os
from contextlib import ExitStack
from dataclasses import dataclass
from typing import NoReturn, Protocol

from tunlab import paths
from tunlab.errors import Status, TunlabError
from tunlab.kernel.errno_names import refusal
from tunlab.kernel.tuntap import Tun
from tunlab.model.tunnel import TunnelTold
from tunlab.tunnel import counts, device, path
from tunlab.tunnel.attending import Attending, Stopped, Unheard
from tunlab.tunnel.other_half import OtherHalf
from tunlab.tunnel.place import Place
from tunlab.tunnel.plain import OVERHEAD
from tunlab.tunnel.receiving import GONE, Receiving
from tunlab.tunnel.sending import Sending
from tunlab.tunnel.telling import Telling
from tunlab.tunnel.wire import RECEIVE_BUFFER, Wire


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for. `stats`: seconds from one line of counters to the next, or None."""

    device: str
    local: Place
    peer: Place
    address: str | None = None
    mode: str = "plain"
    path: str = "fast"
    mtu: int | None = None
    stats: float | None = None
    receive_buffer: int = RECEIVE_BUFFER


class Audience(Protocol):
    """Who hears of it."""

    def told(self, what: TunnelTold) -> None:
        """It is open, or runs, or has ended."""

    def warned(self, key: str, **values: object) -> None:
        """Something that its user should know: the key of the sentence, and what is to stand in it."""


def run(wish: Wish, audience: Audience) -> None:
    """Until SIGTERM or SIGINT. Raises TunlabError where it cannot begin, or not go on."""
    if wish.local.family != wish.peer.family:
        raise TunlabError("tunnel_two_families", Status.USAGE, local=wish.local.text, peer=wish.peer.text)
    with ExitStack() as stack:
        wire = stack.enter_context(Wire(wish.local, wish.peer, wish.receive_buffer))
        tun = stack.enter_context(path.device(wish.device, wish.path))
        if wish.address is not None or wish.mtu is not None:
            device.configure(tun.name, wish.address, wish.mtu or wire.room() - OVERHEAD)
        if wish.mode == "plain" and not paths.SANDBOX_RUN.is_dir():
            audience.warned("tunnel_nothing_hidden")
        book = counts.Counts()
        way = stack.enter_context(path.opened(wish.path, tun, wire.socket))
        gc.collect()
        gc.freeze()  # what is there by now stays: the collector need not look at it again, thousands of times a second
        half = stack.enter_context(OtherHalf(lambda: _receive(tun, way, book)))
        _Endpoint(wish, audience, tun, wire, way, book, half).serve()


class _Endpoint:
    """What the process that sends knows of both."""

    def __init__(
        self,
        wish: Wish,
        audience: Audience,
        tun: Tun,
        wire: Wire,
        way: path.Path,
        book: counts.Counts,
        half: OtherHalf,
    ) -> None:
        self._wish = wish
        self._audience = audience
        self._tun = tun
        self._wire = wire
        self._way = way
        self._book = book
        self._half = half
        self._sending = Sending(tun.fd, wire, book, way.front, Telling(tun.name, 0, os.getpid()))
        self._said_too_big = self._said_without = False

    def serve(self) -> None:
        """Send, until the end; tell of the beginning and the end."""
        try:
            with Attending(
                self._tun.name, self._half, self._wish.stats, self._notice, self._tell_running, self._at_hand
            ):
                self._tell("open")
                self._way.outwards(self._sending)
        except Stopped:
            pass
        except Unheard as end:
            raise end.why from end
        except OSError as error:
            raise _gone(error, self._tun.name) from error
        finally:
            self._half.end()
            self._notice()
            self._tell("ended")

    def _notice(self) -> None:
        """Say once that a packet was too big, and what the kernel does not do after all."""
        if self._sending.without and not self._said_without:
            self._said_without = True
            self._audience.warned("tunnel_without", offload=self._sending.without)
        if self._sending.room and not self._said_too_big:
            self._said_too_big = True
            self._audience.warned("tunnel_too_big", device=self._tun.name, room=self._sending.room)

    def _at_hand(self) -> bool:
        return self._sending.at_hand

    def _tell_running(self) -> None:
        self._tell("running")

    def _tell(self, state: str) -> None:
        self._book.cells[counts.FOREIGN] = self._wire.foreign()
        self._book.cells[counts.OVERFLOW] = self._wire.overflowed()
        self._audience.told(
            TunnelTold(
                state=state,
                device=self._tun.name,
                local=self._wish.local.text,
                peer=self._wish.peer.text,
                mode=self._wish.mode,
                path=self._wish.path,
                offloads=self._way.uses,
                lacking=self._way.lacks,
                mtu=self._wire.room() - OVERHEAD,
                receive_buffer=self._wire.receive_buffer(),
                asked_buffer=self._wire.asked_buffer,
                pid_sending=os.getpid(),
                pid_receiving=self._half.pid,
                counters=self._book.told(),
            )
        )


def _receive(tun: Tun, way: path.Path, book: counts.Counts) -> NoReturn:
    """What the other process does. Raises TunlabError where it cannot go on."""
    try:
        way.inwards(Receiving(book, Telling(tun.name, 1, os.getppid())))
    except OSError as error:
        raise _gone(error, tun.name) from error


def _gone(error: OSError, name: str) -> TunlabError:
    if error.errno in GONE:
        return TunlabError("tunnel_device_gone", device=name)
    return refusal(error, f"serve {name}")
