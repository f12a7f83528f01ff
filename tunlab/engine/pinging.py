"""`tunlab ping`: echo requests sent one by one, and what comes back, with the kernel's own times for both."""

import random
import time
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Protocol

from tunlab.engine.loop import Loop
from tunlab.engine.pinging_answers import Answers
from tunlab.errors import KernelError, Status, TunlabError
from tunlab.kernel.packet_socket import PacketSocket, send_packet
from tunlab.kernel.way_out import WayOut, way_out
from tunlab.model.ping import PingAnswer, PingFinished
from tunlab.packet.craft import echo_request, fragments

_QUIET = 4.0  # seconds to wait where nothing has come at all: a neighbour that is not there is told of after three
_LEAST = 1.0  # seconds to wait for the last replies; twice the longest round trip where that is more, as ping(8) does
_NO_WAY = ("ENETUNREACH", "EHOSTUNREACH", "EACCES", "EINVAL", "EADDRNOTAVAIL")


@dataclass(frozen=True, slots=True)
class Wish:
    """What to send: `count` requests (None: no end), `size` bytes of data each, one every `interval` seconds."""

    node: str
    address: str
    count: int | None
    size: int
    ttl: int
    interval: float
    df: bool


class PingAudience(Protocol):
    """Who is told how it goes."""

    def sent(self, number: int, summary: PingFinished) -> None:
        """A request is about to leave. `summary`: what it all adds up to so far."""

    def answered(self, answer: PingAnswer, summary: PingFinished) -> None:
        """Something came back for one."""

    def finished(self, summary: PingFinished) -> None:
        """No more requests, and no more answers."""


class Pinging:
    """Pings from the network namespace that we are in. Raises TunlabError where there is no way to the address."""

    def __init__(self, wish: Wish, audience: PingAudience) -> None:
        self._wish = wish
        self._audience = audience
        self._identifier = random.randrange(1, 1 << 16)
        self._answers = Answers(wish.node, wish.address, self._identifier)
        self._sent = 0
        self._data = bytes(index & 0xFF for index in range(wish.size))

    def run(self) -> PingFinished:
        """Send all of them and wait for the answers. A KeyboardInterrupt ends it early, with a summary too."""
        self._check()
        try:
            with PacketSocket() as capture, Loop() as loop:
                loop.serve(capture, lambda: self._take(capture))
                self._send_all(loop)
                self._linger(loop)
        except KeyboardInterrupt:
            pass
        summary = self._answers.summary(self._sent)
        self._audience.finished(summary)
        return summary

    def _check(self) -> None:
        """The way there, before anything is shown."""
        way = self._way()
        length = len(self._request(way, 1))
        if self._wish.df and length > way.mtu:
            headers = length - self._wish.size
            raise TunlabError("ping_too_big", Status.USAGE, size=self._wish.size, headers=headers, mtu=way.mtu,
                              address=self._wish.address)  # fmt: skip

    def _way(self) -> WayOut:
        try:
            return way_out(self._wish.address)
        except KernelError as error:
            address, _, device = self._wish.address.partition("%")
            if error.errno_name == "ENODEV":
                raise TunlabError("ping_no_device", Status.USAGE, device=device, address=address) from error
            if error.errno_name == "EINVAL" and not device and ip_address(address).is_link_local:
                raise TunlabError("ping_which_device", Status.USAGE, address=address) from error
            if error.errno_name not in _NO_WAY:
                raise
            key = "ping_no_route" if self._wish.node else "ping_no_route_here"
            raise TunlabError(
                key, Status.USAGE, node=self._wish.node, address=self._wish.address, errno=error.errno_name
            ) from error

    def _request(self, way: WayOut, number: int) -> bytes:
        destination = self._wish.address.partition("%")[0]
        sequence = number & 0xFFFF
        return echo_request(
            way.source, destination, self._identifier, sequence, self._data, self._wish.ttl, self._wish.df,
            random.randrange(1, 1 << 16),
        )  # fmt: skip

    def _send_all(self, loop: Loop) -> None:
        due = time.monotonic()
        while self._wish.count is None or self._sent < self._wish.count:
            self._send()
            due = max(due + self._wish.interval, time.monotonic())
            if self._sent != self._wish.count:
                loop.turn(0)
                loop.wait(lambda: False, due - time.monotonic())

    def _send(self) -> None:
        self._sent += 1
        self._answers.expect(self._sent)
        self._audience.sent(self._sent, self._answers.summary(self._sent))
        try:
            way = way_out(self._wish.address)
            packet = self._request(way, self._sent)
            for piece in [packet] if self._wish.df else fragments(packet, way.mtu):
                send_packet(self._wish.address, piece)
        except KernelError as error:
            self._tell(self._answers.refused(self._sent, error.errno_name))

    def _linger(self, loop: Loop) -> None:
        """Wait for what is still on its way."""
        began = time.monotonic()

        def done() -> bool:
            longest = self._answers.longest_ns
            patience = _QUIET if longest is None else max(_LEAST, 2 * longest / 1e9)
            return self._answers.complete or time.monotonic() - began > patience

        loop.wait(done, 3600)

    def _take(self, capture: PacketSocket) -> None:
        for _ in range(256):
            captured = capture.receive()
            if captured is None:
                return
            answer = self._answers.take(captured)
            if answer is not None:
                self._tell(answer)

    def _tell(self, answer: PingAnswer) -> None:
        self._audience.answered(answer, self._answers.summary(self._sent))
