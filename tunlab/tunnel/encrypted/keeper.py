"""The process that agrees with the peer on keys, again and again; the two others only use them.

Whose public key comes first in the alphabet is always DTLS's client, so that the two never begin both. The other one
asks for a beginning by a HelloRequest, and shows who asks. What both say to each other afterwards, over DTLS, is "?"
(are you there?) and "!" (yes).
"""

import os
import select
import signal
import socket
import time
from contextlib import suppress
from typing import Any, NoReturn

from cryptography.exceptions import InvalidTag

from tunlab.tunnel import counts
from tunlab.tunnel.encrypted import dtls
from tunlab.tunnel.encrypted.allowance import Allowance
from tunlab.tunnel.encrypted.conversation import Conversation, Identity, Refused, listen
from tunlab.tunnel.encrypted.keyring import Keyring
from tunlab.tunnel.encrypted.liveness import Liveness
from tunlab.tunnel.encrypted.record import HEADER, OVERHEAD, SPI, is_handshake
from tunlab.tunnel.encrypted.sessions import Sessions
from tunlab.tunnel.wire import Wire

_LOOK, _ATTEMPT, _AGAIN = 0.25, 5.0, 1.0  # seconds
# What strangers may cause. A ClientHello costs 30 microseconds, and ten times that with a cookie: so few of these
# come that an honest one has more than a second before others take its place.
_HELLOS = 1000  # a second
_STRANGERS = 64  # attempts from other addresses at the same time
_NEW_STRANGERS = 50  # a second
_AT_ONCE = 64  # datagrams of one socket, before the other one and the clock have their turn
_LONGEST, _LONGEST_DTLS = 65535, 1500

Address = tuple[Any, ...] | None  # None: where the peer is as far as we know


class Keeper:
    """`passed_on`: the DTLS datagrams of the peer, from the process that receives."""

    def __init__(
        self,
        identity: Identity,
        ring: Keyring,
        wire: Wire,
        book: counts.Counts,
        passed_on: socket.socket,
        rekey: float,
    ) -> None:
        self._identity = identity
        self._asking = identity.asking()
        self._connects = identity.ours < identity.peer
        self._ring = ring
        self._wire = wire
        self._cells = book.cells
        self._passed_on = passed_on
        self._sessions = Sessions(ring, rekey)
        self._liveness = Liveness()
        self._talks: dict[Address, Conversation] = {}
        self._latest: Conversation | None = None
        self._next_try = self._next_question = 0.0
        self._hellos = {each: Allowance(_HELLOS, _HELLOS) for each in (True, False)}  # the peer's address, all others
        self._strangers = Allowance(_NEW_STRANGERS, _NEW_STRANGERS)
        self._moves = Allowance(3, 1)  # not to be used up by who has no record of the peer's

    @property
    def agreed(self) -> int:
        """As often both ends have known that they have new keys."""
        return self._ring.confirmed

    def keep(self) -> NoReturn:
        """For ever."""
        sources = (self._passed_on, self._wire.others)
        for each in sources:
            each.setblocking(False)
        while True:
            self._look(time.monotonic())
            ready, _, _ = select.select(sources, [], [], self._pause())
            if self._passed_on in ready:
                self._take_all(self._passed_on, known=True)
            if self._wire.others in ready:
                self._take_all(self._wire.others, known=False)

    # What comes

    def _take_all(self, source: socket.socket, known: bool) -> None:
        for _ in range(_AT_ONCE):
            try:
                datagram, address = source.recvfrom(_LONGEST)
            except OSError:
                return
            if not known:
                self._cells[counts.KEEPER_FOREIGN] += 1
            try:
                self._take(datagram, None if known else address)
            except Refused as error:
                self._refused(None if known else address, str(error))

    def _take(self, datagram: bytes, address: Address) -> None:
        if not is_handshake(datagram):
            if address is not None:
                self._seen_elsewhere(datagram, address)
            return
        if len(datagram) > _LONGEST_DTLS:  # the peer sends none, and thousands of records in one take their time
            return
        found = list(dtls.records(datagram))
        if any(each.kind == dtls.ALERT and each.epoch == 0 for each in found):
            self._cells[counts.ALERTS] += 1  # anybody may have written it
        elif not found:
            return
        elif found[0].message == dtls.CLIENT_HELLO:
            if not self._connects:
                self._hello(datagram, address)
            else:
                self._not_its_part(address)
        elif found[0].message == dtls.HELLO_REQUEST:
            if not self._connects:
                self._not_its_part(address)
            elif self._asking.is_wish(found):
                self._begin(address)
        elif found[0].kind == dtls.DATA or address not in self._talks:
            if address is None:
                self._hear(datagram)
        elif self._talks[address].take(datagram):
            self._agreed(address)

    def _hello(self, hello: bytes, address: Address) -> None:
        """A server's answer to a ClientHello: nothing is kept in mind before a cookie has shown where it comes from."""
        if not self._hellos[address is None].take():
            self._cells[counts.HELLOS_DROPPED] += 1
            return
        talk = self._talks.get(address)
        if talk is not None and talk.random == dtls.random_of(hello):
            if talk.take(hello):
                self._agreed(address)
            return
        connection, answer = listen(self._identity, address, hello)
        if connection is None:
            if answer:
                self._send(address, answer)
        elif address is None or self._strangers.take():
            self._talk(address, connection, dtls.random_of(hello))
        else:
            self._cells[counts.HELLOS_DROPPED] += 1

    def _not_its_part(self, address: Address) -> None:
        """The keys decide who begins: if both do, or none, one of them has not the key that the other one expects."""
        if address is None and not self._sessions:
            self._cells[counts.WRONG_KEY] += 1

    def _seen_elsewhere(self, record: bytes, address: Address) -> None:
        """A record from another address than the peer's: if it is the peer's own, a handshake shows who is there.

        The record alone shows nothing: somebody may have sent again what the peer had sent.
        """
        if self._is_the_peers(record) and self._moves.take():
            if self._connects:
                self._begin(address)
            else:
                self._send(address, self._asking.wish())

    def _is_the_peers(self, record: bytes) -> bool:
        header = record[:HEADER]
        for keys in self._sessions.keys:
            key = keys.receiving
            if header[:SPI] == key.spi and len(record) >= OVERHEAD:
                with suppress(InvalidTag):
                    key.aead().decrypt(key.salt + header[SPI:], record[HEADER:], header)
                    return True
        return False

    def _hear(self, datagram: bytes) -> None:
        if self._latest is None:
            return
        for word in self._latest.heard(datagram):
            self._liveness.heard()
            if word == b"?":
                self._latest.say(b"!")
            if not self._sessions.confirmed:
                self._sessions.confirm()
                os.kill(os.getppid(), signal.SIGALRM)  # it looks, and says so

    # What is done

    def _begin(self, address: Address) -> None:
        """A client's attempt. One that goes on elsewhere than where the peer is goes on to its end."""
        latest = self._talks.get(address)
        if latest is not None and (address is not None or time.monotonic() - latest.began < _LOOK):
            return
        self._talk(address, self._identity.connection(True, address))

    def _talk(self, address: Address, connection: Any, random: bytes = b"") -> None:
        strangers = [each for each in self._talks if each is not None and each != address]
        if address is not None and len(strangers) >= _STRANGERS:
            del self._talks[strangers[0]]
        until = time.monotonic() + _ATTEMPT
        # It does not know itself, so that all that it has goes as soon as it is dropped, without the garbage collector.
        talk = Conversation(self._identity, connection, address, until, self._send, random)
        self._talks[address] = talk
        try:
            if talk.go_on():
                self._agreed(address)
        except Refused as error:
            self._refused(address, str(error))

    def _agreed(self, address: Address) -> None:
        """Both have the keys. A server does not send with them before it has heard that its last word has come."""
        talk = self._talks[address]
        if address is not None:
            try:
                self._wire.follow(address)
            except OSError as error:  # no route there by now: it has to come once more
                raise Refused(str(error)) from error
            self._cells[counts.MOVED] += 1
            talk.address = None
        self._talks.clear()
        self._latest = talk
        self._cells[counts.HANDSHAKES] += 1
        self._liveness.heard()
        keys = talk.keys(self._sessions.number + 1, self._connects)
        self._sessions.add(keys, self._cells[counts.SENT], send=self._connects)
        talk.flush()
        if self._connects:
            self._ask(time.monotonic())

    def _refused(self, address: Address, why: str) -> None:
        if address in self._talks:
            del self._talks[address]
            # A stranger's key is no news: only whoever is where the peer should be is said to have the wrong one.
            wrong = address is None and (why == "key" or "certificate verify failed" in why)
            self._cells[counts.WRONG_KEY if wrong else counts.HANDSHAKES_FAILED] += 1
        elif address is None:  # of a handshake that has been: its keys stay good, but nobody answers any more
            self._latest = None
        if address is None:  # else strangers could put off what is due with the peer, again and again
            self._next_try = time.monotonic() + _AGAIN

    def _send(self, address: Address, datagram: bytes) -> None:
        """What is lost is sent again by those who miss it."""
        with suppress(OSError):
            if address is None:
                self._wire.socket.send(datagram)
            else:
                self._wire.others.sendto(datagram, address)

    # What the time brings

    def _pause(self) -> float:
        left = _LOOK
        for address, talk in list(self._talks.items()):
            try:
                again = talk.remind()
            except Refused as error:
                self._refused(address, str(error))
            else:
                left = min(left, left if again is None else max(again, 0.001))
        return left

    def _look(self, now: float) -> None:
        for address in [each for each, talk in self._talks.items() if talk.until < now]:
            del self._talks[address]
        self._sessions.drop_old(now)
        sent = self._cells[counts.SENT]
        silent, gone = self._liveness.look(now, sent, self._cells[counts.WRITTEN])
        if (silent or not self._sessions.confirmed) and now >= self._next_question:
            self._ask(now)
        if (
            (gone or self._sessions.is_due(now, self._connects, sent))
            and now >= self._next_try
            and None not in self._talks
        ):
            self._next_try = now + _AGAIN
            self._want_keys(None)
            home = self._wire.home() if gone or not self._sessions else None
            if home is not None:  # whoever had us follow, and passed all on to the peer, may be there no more
                self._want_keys(home)

    def _want_keys(self, address: Address) -> None:
        if not self._connects:
            self._send(address, self._asking.wish())
        elif address not in self._talks:
            self._begin(address)

    def _ask(self, now: float) -> None:
        self._next_question = now + _AGAIN / 2
        if self._latest is not None and (self._connects or self._sessions.confirmed):
            try:
                self._latest.say(b"?")
            except Refused:
                self._latest = None
