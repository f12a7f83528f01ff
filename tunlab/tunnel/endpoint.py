"""An endpoint from its beginning to its end: opens device and socket, runs a process a direction, ends both."""

import gc
import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn, Protocol

from tunlab import paths
from tunlab.errors import Status, TunlabError
from tunlab.kernel.errno_names import refusal
from tunlab.kernel.tuntap import Tun, mtu
from tunlab.model.tunnel import TunnelTold
from tunlab.tunnel import counts, device, path
from tunlab.tunnel.attending import Attending, Stopped, Unheard
from tunlab.tunnel.mode import Keeping, Mode, plain
from tunlab.tunnel.other_half import OtherHalf
from tunlab.tunnel.place import Place
from tunlab.tunnel.receiving import GONE, Receiving
from tunlab.tunnel.sending import Sending
from tunlab.tunnel.telling import Telling
from tunlab.tunnel.wire import RECEIVE_BUFFER, Wire

if TYPE_CHECKING:
    from tunlab.tunnel.encrypted.opened import Secrets


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for. `stats`: seconds from one line of counters to the next, or None. `secrets`: if encrypted."""

    device: str
    local: Place
    peer: Place
    address: str | None = None
    mode: str = "plain"
    path: str = "fast"
    mtu: int | None = None
    stats: float | None = None
    receive_buffer: int = RECEIVE_BUFFER
    secrets: "Secrets | None" = None


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
        book = counts.Counts()
        hears_others = wish.mode == "encrypted"
        wire = stack.enter_context(Wire(wish.local, wish.peer, wish.receive_buffer, hears_others))
        tun = stack.enter_context(path.device(wish.device, wish.path))
        mode = stack.enter_context(_mode(wish, tun, wire, book))
        if wish.address is not None or wish.mtu is not None:
            device.configure(tun.name, wish.address, wish.mtu or wire.room() - mode.overhead)
        if wish.mode != "encrypted" and not paths.SANDBOX_RUN.is_dir():
            audience.warned("tunnel_nothing_hidden", mode=wish.mode)
        way = stack.enter_context(path.opened(wish.path, tun, wire.socket, mode))
        gc.collect()
        gc.freeze()  # what is there by now stays: the collector need not look at it again, thousands of times a second
        # Who keeps the keys says by SIGALRM that there are some, and nobody is there to hear it before all stands.
        signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGALRM,))
        others = [stack.enter_context(OtherHalf(lambda: _receive(tun, way, book)))]
        if (keeping := mode.keeping) is not None:
            others.append(stack.enter_context(OtherHalf(lambda: _keep(tun, keeping))))
        _Endpoint(wish, audience, tun, wire, mode, way, book, others).serve()


@contextmanager
def _mode(wish: Wish, tun: Tun, wire: Wire, book: counts.Counts) -> Iterator[Mode]:
    """As it was asked for; what a mode needs is imported when it is wanted."""
    if wish.secrets is not None:
        from tunlab.tunnel.encrypted.opened import encrypted

        with encrypted(wish.secrets, wire, book) as mode:
            yield mode
    elif wish.mode == "compressed":
        from tunlab.tunnel.compressed import compressed

        yield compressed(lambda: mtu(tun.name))
    else:
        yield plain()


class _Endpoint:
    """What the process that sends knows of both."""

    def __init__(
        self,
        wish: Wish,
        audience: Audience,
        tun: Tun,
        wire: Wire,
        mode: Mode,
        way: path.Path,
        book: counts.Counts,
        others: list[OtherHalf],
    ) -> None:
        self._wish = wish
        self._audience = audience
        self._tun = tun
        self._wire = wire
        self._way = way
        self._book = book
        self._mode = mode
        self._others = others
        self._sending = Sending(tun.fd, wire, mode, book, way.front, Telling(tun.name, 0, os.getpid()))
        self._said_too_big = self._said_without = self._said_wrong_key = self._said_replayed = False
        self._agreed_with = ""

    def serve(self) -> None:
        """Send, until the end; tell of the beginning and the end."""
        try:
            with Attending(
                self._tun.name, self._others, self._wish.stats, self._notice, self._tell_running, self._at_hand
            ):
                self._tell("open")
                signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGALRM,))
                self._way.outwards(self._sending)
        except Stopped:
            pass
        except Unheard as end:
            raise end.why from end
        except OSError as error:
            raise _gone(error, self._tun.name) from error
        finally:
            for each in self._others:
                each.end()
            self._notice()
            self._tell("ended")

    def _notice(self) -> None:
        """Say once what has come up, and each time with whom keys have been agreed on, where that is news."""
        if self._mode.keeping is not None and self._mode.keeping.agreed and self._wire.peer() != self._agreed_with:
            self._agreed_with = self._wire.peer()
            self._tell("agreed")
        if self._book.cells[counts.REPLAYED] and not self._said_replayed:
            self._said_replayed = True
            self._audience.warned("tunnel_replayed", peer=self._wire.peer())
        if self._book.cells[counts.WRONG_KEY] and not self._said_wrong_key:
            self._said_wrong_key = True
            self._audience.warned("tunnel_wrong_key", peer=self._wire.peer())
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
                peer=self._wire.peer(),
                mode=self._wish.mode,
                path=self._wish.path,
                offloads=self._way.uses,
                lacking=self._way.lacks,
                mtu=self._wire.room() - self._mode.overhead,
                receive_buffer=self._wire.receive_buffer(),
                asked_buffer=self._wire.asked_buffer,
                pid_sending=os.getpid(),
                pid_receiving=self._others[0].pid,
                pid_keeping=self._others[1].pid if len(self._others) > 1 else None,
                counters=self._book.told(),
            )
        )


def _receive(tun: Tun, way: path.Path, book: counts.Counts) -> NoReturn:
    """What the other process does. Raises TunlabError where it cannot go on."""
    try:
        way.inwards(Receiving(book, Telling(tun.name, 1, os.getppid())))
    except OSError as error:
        raise _gone(error, tun.name) from error


def _keep(tun: Tun, keeping: Keeping) -> NoReturn:
    """What the third process does: it has nothing to do with the device."""
    os.close(tun.fd)
    keeping.keep()


def _gone(error: OSError, name: str) -> TunlabError:
    if error.errno in GONE:
        return TunlabError("tunnel_device_gone", device=name)
    return refusal(error, f"serve {name}")
