"""What `tunlab tunnel` tells of itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class TunnelTold:
    """An endpoint of a tunnel. `state`: open, agreed (on keys, with a peer at this address), running (told again and
    again, if that was asked for), or ended.

    `local` and `peer` are where the ends are on the underlay. `mtu` is the largest packet that the path to the peer
    takes in one datagram, `receive_buffer` what the kernel granted of the `asked_buffer`, all in bytes. `offloads` is
    what the kernel does for the path, `lacking` what of that it does not know. There is a process a direction,
    and one that keeps the keys where there are any.
    `counters` are those of docs/tunnel.md.
    """

    event: ClassVar[str] = "tunnel"
    state: str
    device: str
    local: str
    peer: str
    mode: str
    path: str
    offloads: tuple[str, ...]
    lacking: tuple[str, ...]
    mtu: int
    receive_buffer: int
    asked_buffer: int
    pid_sending: int
    pid_receiving: int
    pid_keeping: int | None
    counters: Mapping[str, int]
