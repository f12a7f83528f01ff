"""Random packets for the inside of a tunnel, by struct: ICMP, UDP, TCP with options, fragments, IP options."""

import random
import struct
from dataclasses import dataclass
from socket import AF_INET, AF_INET6, inet_pton

LEAST, MOST = {4: 20, 6: 40}, 1500  # bytes of a packet
# Nobody's addresses: whoever gets such a packet has no answer to it.
FOUR = inet_pton(AF_INET, "192.168.1.66"), inet_pton(AF_INET, "192.168.1.77")
SIX = inet_pton(AF_INET6, "fd00:1::66"), inet_pton(AF_INET6, "fd00:1::77")
ICMP, TCP, UDP, FRAGMENT, ICMPV6, NOTHING = 1, 6, 17, 44, 58, 59


def checksum(data: bytes) -> int:
    """RFC 1071, word by word: another way than the endpoint's."""
    total = sum(struct.unpack(f"!{(len(data) + 1) // 2}H", data + bytes(len(data) % 2)))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return 0xFFFF - total


def packet(chance: random.Random, version: int) -> bytes:
    """Any of them, of any size."""
    size = chance.randint(LEAST[version], MOST)
    kind = chance.choice((ICMP, TCP, UDP, FRAGMENT))
    return four(chance, kind, size) if version == 4 else six(chance, kind, size)


def four(chance: random.Random, kind: int, size: int) -> bytes:
    options = bytes((1,)) * chance.choice((0, 0, 0, 4, 40))  # no operation
    if size < 20 + len(options):
        options = b""
    place = 0x4000  # don't fragment
    if kind == FRAGMENT:
        kind, place = UDP, chance.choice((0x2000, 0x2000 | chance.randint(1, 1000), chance.randint(1, 1000)))
    header = 20 + len(options)
    start = struct.pack(
        "!BBHHHBBH", 0x40 | header // 4, chance.randrange(256), size, chance.randrange(65536), place,
        chance.randint(1, 255), kind, 0,
    )  # fmt: skip
    whole = start + FOUR[0] + FOUR[1] + options
    return whole[:10] + checksum(whole).to_bytes(2) + whole[12:] + body(chance, kind, size - header)


def six(chance: random.Random, kind: int, size: int) -> bytes:
    inside = size - 40
    extension = b""
    if kind == FRAGMENT:
        kind = UDP
        if inside >= 8:
            extension = struct.pack("!BxHI", UDP, chance.randint(0, 100) << 3 | 1, chance.randrange(1 << 32))
            kind = FRAGMENT
    elif kind == ICMP:
        kind = ICMPV6
    word = 6 << 28 | chance.randrange(1 << 28)
    start = struct.pack("!IHBB", word, inside, kind, chance.randint(1, 255)) + SIX[0] + SIX[1] + extension
    return start + body(chance, kind, inside - len(extension))


def body(chance: random.Random, kind: int, size: int) -> bytes:
    """A header, where there is room for one, and data; checksums above IP are the stacks' matter."""
    if kind == TCP and size >= 60:
        options = b"\x02\x04\x05\xb4\x01\x03\x03\x07" + bytes((1,)) * 32  # segment size, window scale
        ports = chance.randrange(65536), chance.randrange(65536)
        header = struct.pack("!HHIIBBHHH", *ports, chance.randrange(1 << 32), 0, 0xF0, 0x10, 512, 0, 0) + options
    elif kind == UDP and size >= 8:
        header = struct.pack("!HHHH", chance.randrange(65536), chance.randrange(65536), size, 0)
    elif kind in (ICMP, ICMPV6) and size >= 8:
        header = struct.pack("!BBHHH", 8 if kind == ICMP else 128, 0, 0, 1, chance.randrange(65536))
    else:
        header = b""
    return header + chance.randbytes(size - len(header))


def is_whole(data: bytes) -> bool:
    """Whether the stack may get it: an IP packet whose lengths and header checksum hold."""
    if not data or data[0] >> 4 not in (4, 6):
        return False
    if data[0] >> 4 == 6:
        return len(data) >= 40 and struct.unpack_from("!H", data, 4)[0] == len(data) - 40
    header = 4 * (data[0] & 15)
    held = 20 <= header <= len(data) and struct.unpack_from("!H", data, 2)[0] == len(data)
    return held and checksum(data[:header]) == 0


def hostile(chance: random.Random, version: int) -> bytes:
    """A datagram that nobody honest sends, mostly."""
    whole = packet(chance, version)
    match chance.randrange(6):
        case 0:
            changed = bytearray(whole)
            for _ in range(chance.randint(1, 4)):
                changed[chance.randrange(min(40, len(changed)))] = chance.randrange(256)
            return bytes(changed)
        case 1:
            return whole[: chance.randrange(len(whole))]
        case 2:
            return whole + chance.randbytes(chance.randint(1, 40))
        case 3:
            return chance.randbytes(chance.randrange(100))
        case 4:
            return b""
        case _:
            return whole[:1] + bytes(chance.choice((0, 1, 19, 39, 2000))) if chance.randrange(20) else bytes(65507)


@dataclass(frozen=True)
class Burst:
    """Parts of one TCP stream that a GRO would join, of `size` bytes each; in some of them a byte is wrong."""

    sequence: int
    data: bytes
    size: int
    parts: tuple[bytes, ...]

    def has(self, joined: bytes) -> bool:
        """Whether a packet that several parts were joined to has nothing but what was right."""
        place = struct.unpack_from("!I", joined, 24)[0] - self.sequence
        return self.data[place:].startswith(joined[40:])


def burst(chance: random.Random, port: int) -> Burst:
    sequence = chance.randrange(1 << 31)
    count, payload = chance.randint(2, 40), chance.randint(40, 1000)
    data = chance.randbytes(count * payload)
    parts = []
    for number in range(count):
        start = struct.pack("!BBHHHBBH", 0x45, 0, 40 + payload, number, 0x4000, 64, TCP, 0) + FOUR[0] + FOUR[1]
        start = start[:10] + checksum(start).to_bytes(2) + start[12:]
        header = struct.pack("!HHIIBBHHH", port, 80, sequence + number * payload, 1, 0x50, 0x10, 512, 0, 0)
        segment = header + data[number * payload : (number + 1) * payload]
        pseudo = FOUR[0] + FOUR[1] + struct.pack("!HH", TCP, len(segment))
        parts.append(bytearray(start + segment[:16] + checksum(pseudo + segment).to_bytes(2) + segment[18:]))
    # No more than one byte of a part: two that are changed can leave its checksum right.
    for part in chance.sample(parts[1:], min(chance.choice((0, 1, 1, 3)), count - 1)):
        part[chance.randrange(40 + payload)] ^= chance.randint(1, 255)
    return Burst(sequence, data, 40 + payload, tuple(bytes(part) for part in parts))
