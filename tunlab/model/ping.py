"""What `tunlab ping` learns of each request, and of all of them."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class PingAnswer:
    """What came back for a request: a reply, or an ICMP error, or a refusal of our own kernel to send it.

    `number` of the request, from 1. `kind`: reply, error, or refused. `bytes` of the ICMP message, as ping(8) counts
    them. `sender` is whose answer it is, `ttl` what was left of its time to live. `round_trip_ns`: by the kernel's own
    stamps, from the request's leaving to the answer's arrival; None where one of them is not known. `icmp`: an
    error's IP version, type and code; `mtu` in bytes, of errors that tell one. `problem`: a refusal's errno.
    `duplicate`: a reply to this request came before. `late`: a reply to a later request came before.
    """

    event: ClassVar[str] = "ping_answer"
    node: str
    address: str
    number: int
    kind: str
    bytes: int = 0
    sender: str = ""
    ttl: int | None = None
    round_trip_ns: int | None = None
    icmp: tuple[int, int, int] | None = None
    mtu: int | None = None
    problem: str = ""
    duplicate: bool = False
    late: bool = False


@dataclass(frozen=True, slots=True)
class PingFinished:
    """All requests of a ping: how many were `sent` and `answered`, and how long a round trip took, in nanoseconds."""

    event: ClassVar[str] = "ping_finished"
    node: str
    address: str
    sent: int
    answered: int
    duplicates: int
    errors: int
    least_ns: int | None
    average_ns: int | None
    most_ns: int | None

    @property
    def lost(self) -> float:
        """Per cent of the requests without a reply."""
        return 100 * (self.sent - self.answered) / self.sent if self.sent else 0.0
