"""A lab folder loads into the model, at each pace; a section loads the parts that exist."""

import shutil
from pathlib import Path

import pytest

from tunlab.errors import LabFileError
from tunlab.labfile.lint import lint
from tunlab.labfile.load import load
from tunlab.labfile.placeholders import fill
from tunlab.labfile.trust import commands
from tunlab.model.checks import (
    AgreeCheck,
    Check,
    CounterCheck,
    DeviceCheck,
    LengthCheck,
    OutputCheck,
    PacketCheck,
    PacketFilter,
    PrintedCheck,
    TracedCheck,
    expected_value,
)
from tunlab.model.lab import Lab, Section, Watch
from tunlab.model.prediction import Prediction
from tunlab.model.program import Program
from tunlab.model.topology import Endpoint, Link, Node
from tunlab.model.verbs import (
    AddAddress,
    AddDevice,
    AddRoute,
    DeleteDevice,
    Execute,
    Ping,
    SetLink,
    SetSysctl,
    SignalProgram,
    StartProgram,
    StopProgram,
    Trace,
)

SAMPLE = Path(__file__).parent / "golden" / "labfile" / "sample"
TUN0 = Endpoint("h1", "tun0")


def nowhere(_: str) -> Path | None:
    return None


def sample(pace: str = "fast") -> Lab:
    lab = load(SAMPLE, pace, nowhere)
    assert isinstance(lab, Lab)
    return lab


def test_topology_and_programs() -> None:
    lab = sample()
    assert lab.id == "lab-sample"
    assert lab.topology.nodes == (
        Node("h1"),
        Node("h2"),
        Node("h3", (("net.ipv4.ip_default_ttl", "64"), ("net.ipv6.conf.all.forwarding", "1"))),
    )
    assert lab.topology.links == (Link((Endpoint("h1", "eth0"), Endpoint("h2", "eth0"))),)
    assert lab.programs == (
        Program("reader", "h1", "tun.c", "reader", (), (), TUN0, "Read {length} bytes"),
        Program("tcpdump", "h2", words=("tcpdump", "-n", "-i", "eth0"), ready="listening on eth0"),
    )


def test_how_a_program_is_found_to_be_ended() -> None:
    """Not by its name alone where it holds a device: the other end of a tunnel may have the same."""
    tcpdump = Program("tcpdump", "h1", words=("tcpdump", "-n"), ready="listening")
    vpn = Program("vpn", "h1", words=("vpn", "h1.conf"), device=TUN0)
    titled = Program("vpn", "h1", words=("vpn", "h1.conf"), device=TUN0, title="vpn: client")
    assert [each.process_pattern() for each in (tcpdump, vpn, titled)] == [
        ("-x", "tcpdump"),
        ("-f", "vpn h1.conf"),
        ("-f", "vpn: client"),
    ]


def test_verbs() -> None:
    lab = sample()
    reader, tcpdump = lab.programs
    prepare, look, ping, turn, _ = lab.steps
    assert prepare.do == (
        StartProgram(reader),
        AddDevice(Endpoint("h1", "veth0"), "veth", Endpoint("h2", "veth0")),
        DeleteDevice(Endpoint("h1", "veth0")),
        AddDevice(Endpoint("h1", "br0"), "bridge"),
        AddAddress(TUN0, "192.0.2.1/24"),
        SetLink(TUN0, "up", 1400, "br0"),
        AddRoute("h1", "default", "192.0.2.9", "tun0"),
        AddRoute("h2", "198.51.100.0/24", None, "eth0"),
        SetSysctl("h1", "net.ipv4.ip_forward", "1"),
    )
    assert (look.do, look.observes) == ((), "prepare")
    assert ping.do == (
        StartProgram(tcpdump),
        Ping("h1", "192.0.2.7", 4, 0.2),
        StopProgram(tcpdump),
        Execute("h2", ("ip", "addr"), lasting=True),
    )
    assert (turn.do, turn.observes) == ((), None)
    assert turn.solve == turn.verbs()
    assert turn.solve == (
        SignalProgram(reader, "USR1"),
        Trace("h1", "192.0.2.7", "udp", 100, 7),
        Execute("h2", ("ls", "/none"), 2),
    )
    assert turn.solve[1].commands() == (
        ("tunlab", "trace", "h1", "192.0.2.7", "--protocol", "udp", "--size", "100", "--port", "7"),
    )


def test_checks_take_over_the_claims_of_their_step() -> None:
    prepare, _, ping, *_ = sample().steps
    assert prepare.checks == (
        DeviceCheck("device", ("C01",), TUN0, ("UP",), ("NOARP",), "UP", "192.0.2.1/24", 1, "reader"),
        DeviceCheck("held", ("C02",), TUN0, holder="reader"),
    )
    claims = ("C03",)
    assert ping.checks == (
        PacketCheck("read", claims, PacketFilter(TUN0, "program", "read", 84, "echo request"), 4),
        PacketCheck("replies", claims, PacketFilter(TUN0, "capture", "in", None, "echo reply"), 0),
        OutputCheck("printed", claims, "tcpdump", "echo request", 4),
        AgreeCheck(
            "same",
            claims,
            "tcpdump",
            "seq {ICMP.seq},",
            PacketFilter(Endpoint("h2", "eth0"), "capture", "out", 98),
            4,
        ),
    )


def test_kinds_of_checks_and_what_they_expect() -> None:
    claims = ("C04",)
    read = PacketFilter(TUN0, "program", "read", program="reader", data="0000dd", text="seen")
    expected: dict[Check, str | None] = {
        PacketCheck("told", claims, read, 2, at_least=True, each=True): None,
        LengthCheck("bytes", claims, PacketFilter(TUN0, "program", "read", what="UDP"), 88): "88",
        CounterCheck("sent", claims, TUN0, "tx_packets", 3, at_least=True): None,
        OutputCheck("any", claims, None, "x", 1, at_least=True): None,
        PrintedCheck("value", claims, "it is {value}.", "so", "reader"): "so",
        DeviceCheck("peer", claims, Endpoint("h1", "eth0"), peer=Endpoint("h2", "eth0")): "h2:eth0",
        DeviceCheck("holders", claims, TUN0, holders=0): "0",
        DeviceCheck("gone", claims, TUN0, gone=True): "gone",
        TracedCheck("lost", claims, "lost", "h2:eth0 in", "no_route_back"): None,
        TracedCheck("answered", claims, "answered"): "answered",
    }
    checks = sample().steps[3].checks
    assert checks == tuple(expected)
    assert [expected_value(check) for check in checks] == list(expected.values())


def test_predictions() -> None:
    *_, ping, turn, guess = sample().steps
    assert ping.predict == Prediction("choice", "replies", {"none": "0", "some": "1.."})
    assert (turn.predict, guess.predict) == (Prediction("text", "peer"), Prediction("number", "count"))
    english = sample().prose["en"].steps["ping"]
    assert english.question == "How many come back?"
    assert english.answers == {"none": "None.", "some": "Some, in\n  several lines."}
    assert english.feedback == {"none": "Right.", "some": "Wrong."}
    assert sample().prose["en"].steps["turn"].hints == ("The idea.", "Where to look.")


def test_what_the_lab_requires_every_step_requires() -> None:
    assert [step.requires for step in sample().steps] == [
        ("tun",),
        ("tun",),
        ("tun", "tcpdump"),
        ("tun",),
        ("tun",),
    ]


@pytest.mark.parametrize(("pace", "quiet", "interval"), [("fast", 0.3, 0.2), ("book", 2.0, 1.0)])
def test_a_pace_fills_its_values_in(pace: str, quiet: float, interval: float) -> None:
    step = sample(pace).steps[2]
    assert step.watch == Watch(TUN0, quiet, 10.0)
    assert Ping("h1", "192.0.2.7", 4, interval) in step.do


def test_prose() -> None:
    prose = sample().prose
    english, chinese = prose["en"], prose["zh"]
    assert (english.title, chinese.title) == ("A sample", "示例")
    titles = ["Get ready", "look", "Four of them", "Your turn", "A number"]
    assert [step.title for step in english.steps.values()] == titles
    assert chinese.steps["prepare"].title == "准备"
    assert english.steps["prepare"].line == 5
    assert "# this is no heading" in english.steps["prepare"].sections["say"]
    assert list(english.steps["ping"].sections) == ["say", "predict", "feedback", "explain"]


def test_placeholders_are_written_out_and_filled() -> None:
    prose = sample().prose["en"]
    explain = prose.steps["ping"].sections["explain"]
    assert explain == "Of {ping.read} requests of {ping.read.length} bytes, {ping.replies} were answered."
    values = {"ping.read": "4", "ping.read.length": "84"}
    assert fill(explain, values) == "Of 4 requests of 84 bytes, ? were answered."
    assert fill(prose.intro, {}) == "What a lab may hold; {braces} too."


def test_a_section_loads_the_parts_that_exist(tmp_path: Path) -> None:
    section = write_section(tmp_path, "[lab-0, lab-sample]")
    loaded = load(section, "fast", {"lab-sample": SAMPLE}.get)
    assert isinstance(loaded, Section)
    assert [lab.id for lab in loaded.parts] == ["lab-sample"]
    assert loaded.prose == {}
    (section / "en.md").write_text("# All of it\n\nBegin.\n")
    (section / "zh.md").write_text("# 全部\n")
    introduced = load(section, "fast", {"lab-sample": SAMPLE}.get)
    assert isinstance(introduced, Section)
    assert introduced.prose["en"].intro == "Begin."
    assert introduced.parts == loaded.parts
    assert lint(section, {"lab-sample": SAMPLE}.get) == []


def test_the_prose_of_a_section_is_in_both_languages_or_none(tmp_path: Path) -> None:
    section = write_section(tmp_path, "[lab-sample]")
    (section / "en.md").write_text("# All of it\n")
    with pytest.raises(LabFileError, match="lab_file_missing"):
        load(section, "fast", {"lab-sample": SAMPLE}.get)


def test_a_lab_without_paces_runs_at_any(tmp_path: Path) -> None:
    folder = tmp_path / "lab"
    shutil.copytree(SAMPLE, folder)
    text = (folder / "lab.yaml").read_text()
    head, rest = text.split("pace:\n")
    rest = (
        rest.split("\n", 2)[2].replace("{pace.quiet}", "1").replace("{pace.interval}", "1").replace("{pace.ttl}", "1")
    )
    (folder / "lab.yaml").write_text(head + rest)
    assert load(folder, "fast", nowhere) == load(folder, "book", nowhere)


def test_commands_that_need_trust() -> None:
    assert commands(sample()) == [
        ("h1", ("cc", "tun.c", "-o", "tun")),
        ("h1", ("./tun",)),
        ("h2", ("tcpdump", "-n", "-i", "eth0")),
        ("h2", ("ip", "addr")),
        ("h2", ("ls", "/none")),
    ]


def test_a_good_lab_has_nothing_to_lint() -> None:
    assert lint(SAMPLE, nowhere) == []


def write_section(folder: Path, parts: str) -> Path:
    (folder / "section").mkdir()
    (folder / "section" / "lab.yaml").write_text(f"schema: 1\nid: section\nparts: {parts}\n")
    return folder / "section"
