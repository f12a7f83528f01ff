"""The line of a packet that was found at a place of its path."""

from tunlab.model.packet import LinkType
from tunlab.packet.sighting import Sighting
from tunlab.packet.stack import INTERNET
from tunlab.packet.summary import summary


def hop_summary(data: bytes, link: LinkType, sighting: Sighting) -> str:
    """As summary(), and in brackets also the packet inside a tunnel that only its tag gave away."""
    line = summary(data, link)
    tunnelled = any(header.name in INTERNET for header in sighting.layers[:-1])
    inside = summary(data[sighting.offset : sighting.offset + sighting.length], LinkType.RAW) if tunnelled else ""
    return line if inside in line else f"{line}  [{inside}]"
