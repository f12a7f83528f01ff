"""PcapngWriter's files, read back by tshark and capinfos."""

import io
import json
import shutil
import struct
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tunlab.model.packet import LinkType
from tunlab.packet.craft import echo_request
from tunlab.packet.pcapng import PcapngWriter

TIME_NS = 1_700_000_000_123_456_789
PING = echo_request("10.0.0.1", "10.0.0.2", 1, 1, b"abc")
FRAME = bytes(12) + b"\x08\x00" + PING

needs_tshark = pytest.mark.skipif(
    shutil.which("tshark") is None or shutil.which("capinfos") is None, reason="no tshark"
)


def _write(file: Any) -> None:
    writer = PcapngWriter(file)
    tun = writer.interface("h1:tun0", LinkType.RAW)
    writer.packet(tun, TIME_NS, PING, len(PING))
    eth = writer.interface("r1:eth0", LinkType.ETHERNET)  # later than the first packet: allowed
    writer.packet(eth, TIME_NS + 1, FRAME[:40], len(FRAME), comment="read by the program, 读")
    writer.packet(tun, TIME_NS + 2, b"", 0)


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    path = tmp_path / "lab.pcapng"
    with path.open("wb") as file:
        _write(file)
    return path


def _read(path: Path) -> list[dict[str, Any]]:
    ended = subprocess.run(["tshark", "-r", path, "-T", "json"], capture_output=True, check=True)
    return [packet["_source"]["layers"] for packet in json.loads(ended.stdout)]


@needs_tshark
def test_tshark_reads_it(capture: Path) -> None:
    first, second, third = (layers["frame"] for layers in _read(capture))
    assert first["frame.interface_id_tree"]["frame.interface_name"] == "h1:tun0"
    assert second["frame.interface_id_tree"]["frame.interface_name"] == "r1:eth0"
    assert (first["frame.encap_type"], second["frame.encap_type"]) == ("7", "1")  # wiretap's raw IP, Ethernet
    assert first["frame.time_epoch"] == "1700000000.123456789"
    assert third["frame.time_epoch"] == "1700000000.123456791"
    assert (second["frame.len"], second["frame.cap_len"]) == (str(len(FRAME)), "40")
    assert (third["frame.len"], third["frame.cap_len"]) == ("0", "0")


@needs_tshark
def test_a_name_that_is_no_text_is_written_as_text(tmp_path: Path) -> None:
    path = tmp_path / "strange.pcapng"
    with path.open("wb") as file:
        writer = PcapngWriter(file)
        writer.packet(writer.interface("h1:\udcffx", LinkType.RAW), TIME_NS, PING, len(PING), comment="\udcff")
        writer.statistics(0, TIME_NS, 1, None, "\udcff")
    (packet,) = _read(path)
    assert packet["frame"]["frame.interface_id_tree"]["frame.interface_name"] == "h1:?x"


@needs_tshark
def test_tshark_reads_the_comment(capture: Path) -> None:
    command = ["tshark", "-r", capture, "-T", "fields", "-e", "frame.comment"]
    ended = subprocess.run(command, capture_output=True, check=True)
    assert ended.stdout.decode().split("\n")[:3] == ["", "read by the program, 读", ""]


@needs_tshark
def test_capinfos_reads_it(capture: Path) -> None:
    said = subprocess.run(["capinfos", capture], capture_output=True, check=True, text=True).stdout
    assert "pcapng" in said
    assert "Capture application: tunlab" in said
    assert "Number of interfaces in file: 2" in said
    assert "Number of packets:   3" in said
    assert said.count("Time resolution = 0x09") == 2
    assert "Name = h1:tun0" in said and "Name = r1:eth0" in said


@needs_tshark
def test_a_file_cut_behind_any_block_is_valid(capture: Path, tmp_path: Path) -> None:
    whole = capture.read_bytes()
    end = 0
    for _ in range(3):  # section, interface, packet
        end += struct.unpack_from("<I", whole, end + 4)[0]
    part = tmp_path / "part.pcapng"
    part.write_bytes(whole[:end])
    assert len(_read(part)) == 1


def test_every_block_is_one_flushed_write() -> None:
    class Watched(io.BytesIO):
        def __init__(self) -> None:
            super().__init__()
            self.did: list[str] = []

        def write(self, data: Any) -> int:
            assert len(data) % 4 == 0
            assert data[4:8] == data[-4:] == struct.pack("<I", len(data))
            self.did.append("write")
            return super().write(data)

        def flush(self) -> None:
            self.did.append("flush")

    file = Watched()
    _write(file)
    assert file.did == ["write", "flush"] * 6
