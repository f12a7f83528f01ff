"""Somebody on the cable: prints of the datagrams between the endpoints how they begin, and what can be read."""

import socket
import string
import time

import zstandard

MODES = {8285: "plain", 8286: "compressed", 8287: "encrypted"}
MESSAGES = {
    0: "Hello Request", 1: "Client Hello", 2: "Server Hello", 3: "Hello Verify Request", 11: "Certificate",
    12: "Server Key Exchange", 13: "Certificate Request", 14: "Server Hello Done", 15: "Certificate Verify",
    16: "Client Key Exchange",
}  # fmt: skip
OTHERS = {63: "proof"}  # of who asks for a handshake (docs/encryption.md)
SHORTEST, SHOWN = 15, 38  # characters
SHORT = 90  # bytes: the rest is of no interest
READABLE = set((string.ascii_letters + string.digits + " ,.").encode())


def words_in(data: bytes) -> str:
    """The longest text in it, cut off where the line ends."""
    found, longest = bytearray(), b""
    for byte in (*data, 0):
        if byte in READABLE:
            found.append(byte)
            continue
        longest = max(longest, bytes(found), key=len)
        found.clear()
    return longest[:SHOWN].decode() if len(longest) >= SHORTEST else "nothing"


def records(datagram: bytes) -> list[str]:
    """The handshake's messages, as far as they are in the clear (RFC 6347, section 4.1)."""
    names = []
    while len(datagram) > 13:
        end = 13 + int.from_bytes(datagram[11:13])
        in_clear = datagram[3:5] == b"\0\0"
        name = MESSAGES.get(datagram[13], "?") if datagram[0] == 22 else OTHERS.get(datagram[0], "more")
        names.append(name if in_clear else "more")
        datagram = datagram[end:]
    return names


def main() -> None:
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
    wire.bind(("eth0", 3))  # ETH_P_ALL: what goes out is told of only so
    print("Watching the cable", flush=True)
    told = dict.fromkeys(MODES, 0.0)  # when: of a flood, one a second is enough
    while True:
        packet, (_, _, kind, *_) = wire.recvfrom(65535)
        if packet[0] >> 4 != 4:
            continue
        header = 4 * (packet[0] & 15)
        port = int.from_bytes(packet[header : header + 2])
        datagram = packet[header + 8 :]
        if packet[9] != 17 or port not in MODES or not datagram:
            continue
        if port == 8287 and 20 <= datagram[0] <= 63:
            said = records(datagram)
            if {*said} != {"more"}:
                print(f"{'B' if kind == socket.PACKET_OUTGOING else 'A'} says: {', '.join(said)}", flush=True)
            continue
        if kind == socket.PACKET_OUTGOING or len(datagram) < SHORT or time.monotonic() < told[port] + 1:
            continue
        told[port] = time.monotonic()
        print(f"{MODES[port]}: {len(datagram)} bytes: {datagram[:12].hex(' ')} ...", flush=True)
        print(f"{MODES[port]}, readable: {words_in(datagram)}", flush=True)
        if datagram[:4] == b"\x28\xb5\x2f\xfd":
            print(f"{MODES[port]}, after zstd -d: {words_in(zstandard.decompress(datagram))}", flush=True)


main()
