"""The ping verb: echo requests made by scapy, sent one by one; the captures tell what came back."""

import random

from tunlab.engine.stage import Stage
from tunlab.kernel.packet_socket import send_packet
from tunlab.model.events import Output
from tunlab.model.packet import LinkType
from tunlab.model.verbs import Ping
from tunlab.packet.craft import echo_request
from tunlab.packet.echo import echo_of

DATA = bytes(range(56))  # as much as ping(8) sends
PATIENCE = 1.0  # seconds to wait for the last reply


def ping(stage: Stage, verb: Ping) -> None:
    """Send the requests and wait for their replies. Raises KernelError, of a destination without a route too."""
    node = stage.nodes[verb.node]
    # scapy would choose a source from the routes of the host, read when it was imported
    source = node.netlink.source_for(verb.to)
    identifier = random.randrange(1, 1 << 16)

    def replies() -> set[int]:
        return _replies(stage, verb.node, identifier)

    for sequence in range(1, verb.count + 1):
        packet = echo_request(source, verb.to, identifier, sequence, DATA)
        with node.namespace.entered():
            send_packet(verb.to, packet)
        if sequence < verb.count:
            stage.loop.wait(lambda: False, verb.interval)
    stage.loop.wait(lambda: len(replies()) == verb.count, max(PATIENCE, verb.interval))
    told = f"{verb.count} packets transmitted, {len(replies())} received"
    stage.log.add(Output(stage.log.step, verb.node, "ping", told))


def _replies(stage: Stage, node: str, identifier: int) -> set[int]:
    found: set[int] = set()
    for packet in stage.evidence.captured(stage.log.step, node, "in"):
        link = LinkType[packet.link]
        match echo_of(bytes.fromhex(packet.data), link):
            case (True, number, sequence) if number == identifier:
                found.add(sequence)
    return found
