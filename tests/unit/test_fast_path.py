"""Splitting and joining of packets: what goes in comes out again, and every part is a packet by others' judgement."""

import socket
import struct
import subprocess
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.inet6 import IPv6

from tunlab.packet.checksums import internet_sum
from tunlab.tunnel.counts import Counts
from tunlab.tunnel.fast import virtio
from tunlab.tunnel.fast.join import how_many, joined
from tunlab.tunnel.fast.matrix import Bytes, Matrix
from tunlab.tunnel.fast.outwards import Sender
from tunlab.tunnel.fast.shape import ACK, CWR, ECE, FIN, PSH, Shape, joinable
from tunlab.tunnel.fast.source import Source
from tunlab.tunnel.fast.split import split
from tunlab.tunnel.mode import Plain, plain
from tunlab.tunnel.rows import Rows
from tunlab.tunnel.sending import Sending
from tunlab.tunnel.telling import Telling

pytestmark = pytest.mark.filterwarnings("error")  # numpy's would be seen by the endpoint's user

ROOM = 65507
TIMESTAMPS = [("NOP", None), ("NOP", None), ("Timestamp", (1, 2))]


def super_packet(
    version: int, protocol: str, payload: bytes, identification: int = 7, sequence: int = 1, flags: int = ACK,
    options: bool = True,
) -> bytes:  # fmt: skip
    """One packet of any length, with right checksums, as scapy makes it."""
    ip = IP(src="192.168.1.2", dst="192.168.1.3", flags="DF", id=identification, tos=2) if version == 4 else IPv6(
        src="fd00::2", dst="fd00::3", tc=2
    )  # fmt: skip
    tcp = TCP(sport=5, dport=6, seq=sequence, ack=9, flags=flags, options=TIMESTAMPS if options else [])
    return bytes(ip / (tcp if protocol == "tcp" else UDP(sport=5, dport=6)) / payload)


def shape_of(packet: bytes) -> Shape:
    shape = joinable(packet)
    assert shape is not None
    return shape


def matrix_for(packet: bytes, payload_size: int, room: int = ROOM) -> tuple[Matrix, Bytes]:
    """A matrix whose memory is full of what stood there before."""
    shape = shape_of(packet)
    size = shape.header + payload_size
    memory = np.full(2 * ROOM, 0xA5, np.uint8)
    return Matrix(memory[: max(size, room)], shape, size), memory


def pseudo(packet: bytes) -> bytes:
    """As the stack leaves it to the device: the checksum's field holds the pseudo-header's sum."""
    shape = shape_of(packet)
    place = shape.transport + shape.checksum
    addresses = packet[12:20] if shape.version == 4 else packet[8:40]
    sum_ = internet_sum(addresses + struct.pack("!HH", shape.protocol, len(packet) - shape.transport))
    return packet[:place] + sum_.to_bytes(2) + packet[place + 2 :]


def parts(packet: bytes, payload_size: int, room: int = ROOM) -> list[bytes]:
    """All packets that it stands for."""
    return split_up(pseudo(packet), payload_size, room)


def split_up(packet: bytes, payload_size: int, room: int = ROOM) -> list[bytes]:
    matrix, memory = matrix_for(packet, payload_size, room)
    found: list[bytes] = []
    left = 1
    while left:
        end, left = split(np.frombuffer(packet, np.uint8), matrix, len(found))
        found += [memory[start : min(start + matrix.size, end)].tobytes() for start in range(0, end, matrix.size)]
    return found


def from_wire(packets: list[bytes]) -> tuple[Matrix, int, int]:
    """These behind one another, as UDP_GRO hands them over."""
    payload_size = len(packets[0]) - shape_of(packets[0]).header
    matrix, memory = matrix_for(packets[0], payload_size, 2 * ROOM)
    data = b"".join(packets)
    memory[:] = 0
    memory[: len(data)] = np.frombuffer(data, np.uint8)
    return matrix, len(packets), len(packets[-1])


def together(packets: list[bytes]) -> tuple[int, bytes]:
    """How many of them are joined, and what becomes of these, without the device's header."""
    matrix, count, last = from_wire(packets)
    found = how_many(matrix, count, last)
    whole = joined(matrix, found, last if found == count else matrix.size)
    assert whole.payload.c_contiguous  # writev takes no other
    return found, whole.header + bytes(whole.payload)


def by_scapy(packet: bytes) -> bytes:
    """The same with lengths and checksums that scapy has made anew."""
    again = (IP if packet[0] >> 4 == 4 else IPv6)(packet)
    del again.payload.chksum
    if packet[0] >> 4 == 4:
        del again.chksum, again.len
    else:
        del again.plen
    if UDP in again:
        del again[UDP].len
    return bytes(again)


SUPER_PACKETS = st.builds(
    super_packet,
    st.sampled_from((4, 6)),
    st.sampled_from(("tcp", "udp")),
    st.integers(1, 3000).flatmap(lambda size: st.binary(min_size=size, max_size=size)),
    st.one_of(st.integers(0, 0xFFFF), st.integers(0xFFF0, 0xFFFF)),
    st.one_of(st.integers(0, 2**32 - 1), st.integers(2**32 - 2000, 2**32 - 1)),
    st.sampled_from((ACK, ACK | PSH, ACK | FIN | PSH, ACK | ECE, ACK | CWR)),
    st.booleans(),
)


@given(SUPER_PACKETS, st.integers(20, 1500))
def test_every_part_is_a_packet(packet: bytes, payload_size: int) -> None:
    found = parts(packet, payload_size)
    assert [by_scapy(part) for part in found] == found
    shape = shape_of(packet)
    assert b"".join(part[shape.header :] for part in found) == packet[shape.header :]
    assert {len(part) - shape.header for part in found[:-1]} <= {payload_size}
    if shape.protocol == 6:
        begin = struct.unpack_from("!I", packet, shape.transport + 4)[0]
        sequences = [struct.unpack_from("!I", part, shape.transport + 4)[0] for part in found]
        assert sequences == [(begin + number * payload_size) % 2**32 for number in range(len(found))]
        flags = [part[shape.transport + 13] for part in found]
        whole = packet[shape.transport + 13]
        assert [each & (PSH | FIN) for each in flags] == [0] * (len(found) - 1) + [whole & (PSH | FIN)]
        assert [each & CWR for each in flags] == [whole & CWR] + [0] * (len(found) - 1)
    if shape.version == 4:
        begin = struct.unpack_from("!H", packet, 4)[0]
        assert [struct.unpack_from("!H", part, 4)[0] for part in found] == [
            (begin + number) % 2**16 for number in range(len(found))
        ]


@given(SUPER_PACKETS, st.integers(20, 1500), st.integers(100, 4000))
def test_how_much_room_there_is_makes_no_difference(packet: bytes, payload_size: int, room: int) -> None:
    assert parts(packet, payload_size, room) == parts(packet, payload_size)


@given(SUPER_PACKETS, st.integers(20, 1500))
def test_what_was_split_is_joined(packet: bytes, payload_size: int) -> None:
    """Of all parts comes the packet, unless IPv4's identification or header checksum has passed 0 on the way: then some
    are left over."""
    found = parts(packet, payload_size)
    joins, whole = together(found)
    shape = shape_of(packet)
    if shape.protocol == 6 and packet[shape.transport + 13] & CWR:
        assert joins == 1
    elif joins < len(found):
        first, next_ = (struct.unpack_from("!4xH4xH", part) for part in (found[0], found[joins]))
        assert next_[0] < first[0] or next_[1] >= first[1]
    elif len(found) > 1:
        place = shape.transport + shape.checksum
        assert whole[:place] + whole[place + 2 :] == packet[:place] + packet[place + 2 :]
    assert split_up(whole, payload_size)[:joins] == found[:joins]


PARTS = parts(super_packet(4, "tcp", bytes(range(256)) * 4, flags=ACK), 100)


def repaired(packet: bytearray, shape: Shape) -> bytearray:
    """With right checksums."""
    if shape.version == 4:
        packet[10:12] = bytes(2)
        packet[10:12] = (0xFFFF - internet_sum(packet[:20])).to_bytes(2)
    place = shape.transport + shape.checksum
    addresses = packet[12:20] if shape.version == 4 else packet[8:40]
    packet[place : place + 2] = bytes(2)
    rest = struct.pack("!HH", shape.protocol, len(packet) - shape.transport) + packet[shape.transport :]
    packet[place : place + 2] = (0xFFFF - internet_sum(addresses + rest)).to_bytes(2)
    return packet


@given(
    st.sampled_from([(4, "tcp"), (4, "udp"), (6, "tcp"), (6, "udp")]),
    st.integers(0, 9),
    st.integers(0, 151),
    st.integers(1, 255),
    st.booleans(),
)
def test_a_changed_part_is_never_joined_wrongly(
    kind: tuple[int, str], which: int, place: int, change: int, repair: bool
) -> None:
    """A byte of one part is another. Whatever is joined makes the same parts when it is split again."""
    found = parts(super_packet(*kind, bytes(range(250)) * 4), 100)
    bad = bytearray(found[which])
    bad[place % len(bad)] ^= change
    shape = shape_of(found[0])
    if repair and joinable(bytes(bad)) == shape:
        bad = repaired(bad, shape)
    changed = [*found[:which], bytes(bad), *found[which + 1 :]]
    if len({len(each) for each in changed}) > 1 or joinable(changed[0]) != shape:
        return
    joins, whole = together(changed)
    assert joins <= max(1, which) or repair
    assert joins == 1 or split_up(whole, 100)[:joins] == changed[:joins]


@pytest.mark.parametrize("flags", [PSH, FIN, 0x02, 0x04, 0x20, CWR])
def test_flags_end_what_is_joined(flags: int) -> None:
    """PSH and FIN end a burst; SYN, RST, URG and CWR stay alone."""
    changed = bytearray(PARTS[3])
    changed[33] |= flags
    joins, _ = together([*PARTS[:3], by_scapy(bytes(changed)), *PARTS[4:]])
    assert joins == (4 if flags in (PSH, FIN) else 3)
    assert together([by_scapy(bytes(changed)), *PARTS[4:]])[0] == 1


def test_what_is_never_joined() -> None:
    udp = super_packet(4, "udp", bytes(100))
    without = bytearray(udp)
    without[26:28] = bytes(2)
    assert together([bytes(without)] * 3)[0] == 1  # RFC 768: no checksum
    fragment = bytearray(PARTS[0])
    fragment[6] |= 0x20
    options = b"\x46" + PARTS[0][1:20] + bytes(4) + PARTS[0][20:]
    icmp = PARTS[0][:9] + b"\x01" + PARTS[0][10:]
    hop_by_hop = super_packet(6, "tcp", bytes(10))
    hop_by_hop = hop_by_hop[:6] + b"\0" + hop_by_hop[7:]
    empty = super_packet(4, "tcp", b"")
    assert [joinable(each) for each in (bytes(fragment), options, icmp, hop_by_hop, empty)] == [None] * 5
    assert together([PARTS[0], PARTS[0], PARTS[1]])[0] == 1  # the same once more
    assert together([PARTS[0], PARTS[2]])[0] == 1  # one is missing


def header_checksum(packet: bytearray) -> bytearray:
    """IPv4's as everybody writes it: 0, not 65535."""
    packet[10:12] = bytes(2)
    packet[10:12] = (-internet_sum(packet[:20]) % 0xFFFF).to_bytes(2)
    return packet


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("protocol", ["tcp", "udp"])
@pytest.mark.parametrize("flags", [ACK, ACK | FIN])
def test_one_without_payload_stays_alone(version: int, protocol: str, flags: int) -> None:
    """An empty datagram, an acknowledgement: in a packet joined of others, nothing would be left of it."""
    found = parts(super_packet(version, protocol, bytes(300)), 100)
    empty = super_packet(version, protocol, b"", identification=10, sequence=301, flags=flags)
    assert together([*found, empty])[0] == 3
    cut = bytearray(empty[:-4])  # and one whose header is not whole
    place = 2 if version == 4 else 4
    cut[place : place + 2] = (len(cut) - (0 if version == 4 else 40)).to_bytes(2)
    assert together([*found, bytes(repaired(cut, shape_of(found[0])))])[0] == 3


def test_payloads_of_a_byte_are_joined() -> None:
    """In memory they are no different from a column of a matrix."""
    packet = super_packet(6, "udp", b"abcd")
    assert together(parts(packet, 1)) == (4, pseudo(packet))


@pytest.mark.parametrize(("protocol", "checksum", "second"), [(5, 0, 100), (7, 0xFFF0, 20), (6, 0xFFF0, 20)])
def test_another_protocol_is_not_joined(protocol: int, checksum: int, second: int) -> None:
    """IPv4's header checksum passes 0: what it borrows from the protocol beside it is no TCP any more."""
    first = bytearray(super_packet(4, "tcp", bytes(100), options=False))
    first[4:6] = bytes(2)
    identification = (int.from_bytes(header_checksum(first)[10:12]) - checksum) % 0xFFFF
    first[4:6] = identification.to_bytes(2)
    assert header_checksum(first)[10:12] == checksum.to_bytes(2)
    other = bytearray(
        super_packet(4, "tcp", bytes(second), identification=identification + 1, sequence=101, options=False)
    )
    other[9] = protocol
    header_checksum(other)
    if checksum == 0:
        other[10:12] = b"\xff\xff"  # which holds as well
    assert internet_sum(other[:20]) == 0
    assert together([bytes(first), bytes(other)])[0] == 1


def test_a_header_checksum_that_does_not_hold_is_not_joined() -> None:
    """Identifications pass 0, which is no step for the checksum."""
    found = [bytearray(part) for part in parts(super_packet(4, "tcp", bytes(200), identification=0xFFFF), 100)]
    found[1][10:12] = (int.from_bytes(found[0][10:12]) - 1).to_bytes(2)
    assert internet_sum(found[1][:20])
    assert together([bytes(part) for part in found])[0] == 1


def test_checksums_that_nobody_writes_are_not_joined() -> None:
    """65535 instead of 0 holds too, but would not come again."""
    packet = bytearray(parts(super_packet(6, "tcp", bytes(100)), 100)[0])
    packet[92:94] = packet[56:58]  # so that the sum of all, and with it the checksum, is 0
    packet[56:58] = b"\xff\xff"
    assert parts(bytes(packet), 100)[0][56:58] == bytes(2)
    next_ = parts(super_packet(6, "tcp", bytes(100), sequence=101), 100)[0]
    assert together([bytes(packet), next_])[0] == 1
    packet[56:58] = bytes(2)
    assert together([bytes(packet), next_])[0] == 2


def test_what_the_kernels_gro_does_not_take_up() -> None:
    udp = bytearray(super_packet(4, "udp", bytes(100)))
    udp[24:26] = (50).to_bytes(2)  # a length that is not the packet's
    reserved = bytearray(PARTS[0])
    reserved[6] |= 0x80
    assert [joinable(bytes(repaired(udp, Shape(4, 20, 17, 28)))), joinable(bytes(header_checksum(reserved)))] == [
        None
    ] * 2


def test_a_route_ends_elsewhere() -> None:
    """The pseudo-header has the last address of a source route, which only the stack's own sum tells."""
    packet = super_packet(6, "tcp", bytes(300))
    elsewhere = packet[:24] + bytes(15) + b"\x09" + packet[40:]
    found = split_up(packet[:24] + packet[24:40] + pseudo(elsewhere)[40:], 100)
    assert len(found) == 3
    assert all(by_scapy(part[:24] + elsewhere[24:40] + part[40:])[56:58] == part[56:58] for part in found)


def read_as(packet: bytes, front: virtio.Virtio) -> list[bytes]:
    """What becomes of what a device hands over so."""
    book = SimpleNamespace(at_hand=False, follow=False)
    device, stack = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with device, stack:
        stack.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 * ROOM)
        stack.send(front.packed() + packet)
        return [bytes(part) for rows in Source(device.fileno(), book).wait() for part in rows]  # type: ignore[arg-type]


NONSENSE = [
    (1, 1, 0, 100, 12, 16), (1, 1, 0, 100, 22, 16), (1, 1, 0, 0, 20, 16), (1, 1, 0, 65535, 20, 16),
    (0, 1, 0, 100, 20, 16), (2, 1, 0, 100, 0, 0), (1, 1, 0, 100, 65532, 16), (1, 5, 0, 100, 340, 6),
    (1, 1, 0, 300, 20, 16), (1, 4, 0, 9, 24, 16),
]  # fmt: skip


@pytest.mark.parametrize("front", NONSENSE)
def test_what_contradicts_itself_is_left_alone(front: tuple[int, int, int, int, int, int]) -> None:
    """Before Linux 6.11, a guest or a raw socket may have the device say anything; it does not end the endpoint."""
    packet = super_packet(4, "tcp", bytes(299), options=False)
    assert read_as(packet, virtio.Virtio(*front)) == [packet]


def test_rows_longer_than_a_datagram() -> None:
    """A row for which UDP has no place is handed out, and refused later."""
    packet = super_packet(4, "udp", bytes(65500))
    found = read_as(pseudo(packet), virtio.Virtio(1, virtio.GSO_UDP_L4, 28, 65490, 20, 6))
    assert found == parts(packet, 65490, 65535)
    assert [len(part) for part in found] == [65518, 38]


def test_an_end_waits_for_all_of_a_batch() -> None:
    """A packet is at hand until the last one has been counted."""
    peer, wire = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    book = Sending(-1, None, plain(), Counts(), b"", Telling("tun0", 0, 0))  # type: ignore[arg-type]
    seen: list[bool] = []

    class Telltale:
        def send(self, packet: memoryview) -> int:
            seen.append(book.at_hand)
            return wire.send(packet)

    with peer, wire:
        Sender(Telltale(), Plain(), book, False).send(Rows(memoryview(bytes(30)), 10))  # type: ignore[arg-type]
    assert (seen, book.at_hand, book.follow) == ([True] * 3, False, False)


def test_those_that_were_joined_already_do_not_matter() -> None:
    """From a row on, a matrix is as if the rows before were not there."""
    matrix, count, last = from_wire(PARTS)
    matrix.rows[2, 60] ^= 1
    assert how_many(matrix, count, last) == 2
    assert how_many(matrix.below(2), count - 2, last) == 1
    rest = matrix.below(3)
    assert how_many(rest, count - 3, last) == count - 3
    whole = joined(rest, count - 3, last)
    assert bytes(whole.payload) == b"".join(part[52:] for part in PARTS[3:])


@pytest.mark.needs("tshark")
def test_tshark_finds_no_fault(tmp_path: Path) -> None:
    """All of them in a file, one after the other (pcap's link type 101 is IP)."""
    kinds = [(version, protocol) for version in (4, 6) for protocol in ("tcp", "udp")]
    made = [part for kind in kinds for part in parts(super_packet(*kind, bytes(range(256)) * 200), 1347)]
    file = tmp_path / "parts.pcap"
    records = (struct.pack("=IIII", number, 0, len(part), len(part)) + part for number, part in enumerate(made))
    file.write_bytes(struct.pack("=IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101) + b"".join(records))
    checks = [word for name in ("ip", "tcp", "udp") for word in ("-o", f"{name}.check_checksum:TRUE")]
    fields = ["-T", "fields", "-e", "ip.checksum.status", "-e", "tcp.checksum.status", "-e", "udp.checksum.status"]
    told = subprocess.run(["tshark", "-r", file, *checks, *fields], capture_output=True, text=True, check=True).stdout
    verdicts = [line.split("\t") for line in told.splitlines()]
    assert len(verdicts) == len(made)
    good = "1"
    assert {tuple(sorted(each)) for each in verdicts} == {("", good, good), ("", "", good)}


def test_a_stranger_at_the_end_is_no_reason_to_warn() -> None:
    """What stands where UDP would have its length may be anything, and wraps around."""
    flow = parts(super_packet(4, "udp", bytes(3000)), 1000)
    stranger = super_packet(4, "tcp", bytes(500), sequence=0xFFFF_FFFF)
    assert together([*flow, stranger])[0] == len(flow)
