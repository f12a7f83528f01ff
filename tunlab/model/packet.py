"""A packet as its bytes say it is: link types, layers and fields."""

from dataclasses import dataclass
from enum import IntEnum


class LinkType(IntEnum):
    """What the first byte of a captured packet belongs to (the LINKTYPE_ registry of tcpdump.org)."""

    ETHERNET = 1
    RAW = 101  # an IP packet with nothing in front: what a tun device carries
    PI = (
        147  # LINKTYPE_USER0: struct tun_pi of <linux/if_tun.h>, then an IP packet, as a tun without IFF_NO_PI tells it
    )


@dataclass(frozen=True, slots=True)
class Field:
    """One header field. `offset` in bytes from the packet's start, `bits` its width; None where unknown.

    `value` is as scapy writes it, which checks compare with. `meaning` is the same for people, such as
    "8 (echo request)"; empty where the value says it all. `verdict`, of a checksum only: "good", "bad", or
    "offload", which is left for the device to compute; None where nobody can tell.
    """

    name: str
    value: str
    offset: int | None = None
    bits: int | None = None
    meaning: str = ""
    verdict: str | None = None


@dataclass(frozen=True, slots=True)
class Layer:
    """One header, named as scapy names it."""

    name: str
    fields: tuple[Field, ...]
