"""packet_of(): whole packets of the size that was asked for, with the tag in its place, judged by tshark."""

import subprocess
from pathlib import Path

import pytest

from tunlab.errors import Status, TunlabError
from tunlab.model.packet import LinkType
from tunlab.model.trace import PROTOCOLS, Probe
from tunlab.packet.decode import decode
from tunlab.packet.probe import least, packet_of

TAG = bytes.fromhex("a1b2c3d4e5f60718")
ENDS = {4: ("10.0.1.2", "10.0.2.2"), 6: ("fd00:1::2", "fd00:2::2")}
EVERY = [(protocol, version) for protocol in PROTOCOLS for version in ENDS]


def probe(protocol: str, version: int, size: int, **more: int | bool | bytes) -> Probe:
    fields = {"source_port": 40001, "destination_port": 33434, "tag": TAG, "size": size} | more
    return Probe(protocol, *ENDS[version], **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize("size", (36, 57, 84, 1500, 9000))
@pytest.mark.parametrize(("protocol", "version"), EVERY)
def test_of_the_size(protocol: str, version: int, size: int) -> None:
    size = max(size, least(protocol, version))
    packet = packet_of(probe(protocol, version, size, ttl=3))
    assert len(packet) == (least(protocol, version) if protocol == "tcp" else size)
    checked = {
        (layer.name, field.verdict)
        for layer in decode(packet, LinkType.RAW)
        for field in layer.fields
        if field.name in ("chksum", "cksum")
    }
    assert {verdict for _, verdict in checked} == {"good"} and len(checked) == (2 if version == 4 else 1)
    assert packet[8 if version == 4 else 7] == 3
    transport = packet[20 if version == 4 else 40 :]
    if protocol == "tcp":
        assert transport[4:8] == TAG[:4] and transport[28:32] == TAG[4:]
    else:
        assert transport[8:16] == TAG


def test_may_be_fragmented_unless_asked() -> None:
    packets = [packet_of(probe("udp", 4, 84, df=df)) for df in (False, True)]
    assert [packet[6] for packet in packets] == [0, 0x40]


@pytest.mark.parametrize("tag", (bytes(8), b"\xff" * 8))
def test_the_identifier_is_never_0(tag: bytes) -> None:
    assert packet_of(probe("icmp", 4, 84, tag=tag))[4:6] != bytes(2)


@pytest.mark.parametrize("size", (-1, 0, 35, 65536))
def test_no_such_size(size: int) -> None:
    with pytest.raises(TunlabError) as refused:
        packet_of(probe("icmp", 4, size))
    assert (refused.value.key, refused.value.status) == ("trace_size", Status.USAGE)
    assert refused.value.values == {"size": size, "protocol": "icmp", "least": 36, "most": 65535}


@pytest.mark.parametrize(
    "wrong",
    (
        Probe("icmp", "10.0.1.2", "fd00::2", 1, 1, TAG, 84),
        Probe("icmp", "h1", "10.0.1.2", 1, 1, TAG, 84),
        Probe("icmp", "10.0.1.2", "10.0.1.2", 1, 1, TAG[:7], 84),
        Probe("udp", "10.0.1.2", "10.0.1.2", 1, 65536, TAG, 84),
    ),
)
def test_no_such_probe(wrong: Probe) -> None:
    with pytest.raises(ValueError):
        packet_of(wrong)


@pytest.mark.needs("tshark")
def test_tshark_reads_the_same(tmp_path: Path) -> None:
    from scapy.utils import wrpcap

    packets = [packet_of(probe(protocol, version, 200)) for protocol, version in EVERY]
    wrpcap(str(tmp_path / "probes.pcap"), packets, linktype=int(LinkType.RAW))
    names = ("icmp.ident", "icmp.seq", "icmpv6.echo.identifier", "icmpv6.echo.sequence_number")
    names += ("udp.srcport", "udp.dstport", "tcp.srcport", "tcp.dstport", "tcp.seq_raw", "tcp.options.timestamp.tsval")
    command = ["tshark", "-r", str(tmp_path / "probes.pcap"), "-T", "fields", "-E", "separator=,"]
    checks = [f"-o{protocol}.check_checksum:TRUE" for protocol in ("ip", "udp", "tcp")]
    told = subprocess.run(
        [*command, *checks, *(part for name in ("_ws.expert.severity", *names) for part in ("-e", name))],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    numbers = [[int(value, 0) for value in line.split(",")[1:] if value] for line in told]
    ends, syn = [40001, 33434], [40001, 33434, int.from_bytes(TAG[:4]), int.from_bytes(TAG[4:])]
    assert numbers == [ends, ends, ends, ends, syn, syn]
    assert "8388608" not in "".join(told)  # PI_ERROR
