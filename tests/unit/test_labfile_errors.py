"""Bad labs, each one change away from the good sample, and the exact words in which they are refused.

`UPDATE_GOLDEN=1 pytest tests/unit/test_labfile_errors.py` rewrites the golden files.
"""

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from string import Formatter

import pytest

from tunlab.errors import LabFileError
from tunlab.labfile.lint import lint
from tunlab.labfile.load import load
from tunlab.messages import labfile_en, labfile_zh

GOLDEN = Path(__file__).parent / "golden" / "labfile"
SOURCE = Path(__file__).parents[2] / "tunlab" / "labfile"
SENTENCES = {"en": labfile_en.SENTENCES, "zh": labfile_zh.SENTENCES}

Change = Callable[[Path], object]


def put(file: str, text: str | bytes) -> Change:
    data = text.encode() if isinstance(text, str) else text
    return lambda lab: (lab / file).write_bytes(data)


def swap(file: str, old: str, new: str) -> Change:
    def change(lab: Path) -> None:
        text = (lab / file).read_text()
        assert old in text
        (lab / file).write_text(text.replace(old, new, 1))

    return change


def yaml(old: str, new: str) -> Change:
    return swap("lab.yaml", old, new)


def english(old: str, new: str) -> Change:
    return swap("en.md", old, new)


def link(name: str, target: str) -> Change:
    def change(lab: Path) -> None:
        (lab / name).unlink()
        (lab / name).symlink_to(target)

    return change


def folder_instead(lab: Path) -> None:
    (lab / "en.md").unlink()
    (lab / "en.md").mkdir()


def section(parts: str) -> Change:
    def change(lab: Path) -> None:
        (lab / "lab.yaml").write_text(f"schema: 1\nid: lab-x\nparts: {parts}\n")
        (lab / "en.md").unlink()
        (lab / "zh.md").unlink()

    return change


def claims(english: str, chinese: str) -> Change:
    """The lab as the part of a section that has these claims; an empty text is no file."""

    def change(lab: Path) -> None:
        shutil.copytree(lab, lab / "part")
        section("[part]")(lab)
        for language, text in (("en", english), ("zh", chinese)):
            if text:
                (lab / f"claims.{language}.yaml").write_text(text)

    return change


COUNTER_AT_REST = "        counters: {at: h1:tun0, counter: rx_packets, count: 0}"

CHANGES: dict[str, Change] = {
    # A file as a whole.
    "missing-file": lambda lab: (lab / "lab.yaml").unlink(),
    "missing-language": lambda lab: (lab / "zh.md").unlink(),
    "folder-instead-of-file": folder_instead,
    "link-out-of-the-folder": link("zh.md", "/etc/hostname"),
    "link-in-a-circle": link("zh.md", "zh.md"),
    "large": put("lab.yaml", "#" * 1_000_001),
    "binary": put("lab.yaml", b"schema: 1\nid: \xff\xfe\n"),
    "escape-sequence": put("en.md", "# Title\n\n\x1b[31mred\n"),
    "empty": put("lab.yaml", ""),
    "only-a-comment": put("lab.yaml", "# nothing\n"),
    # YAML.
    "syntax": yaml("id: lab-sample", "id: lab-sample: 2"),
    "two-documents": yaml("topology:", "---\ntopology:"),
    "tab": yaml("  nodes:", "\tnodes:"),
    "alias": yaml("requires: [tun]", "requires: &all [tun]"),
    "tag": yaml("schema: 1", "schema: !!int 1"),
    "deep": yaml("requires: [tun]", "requires: " + "[" * 40 + "]" * 40),
    "schema": yaml("schema: 1", "schema: 2"),
    "no-schema": yaml("schema: 1\n", ""),
    # The shape of a value.
    "root-is-a-list": put("lab.yaml", "- schema: 1\n"),
    "list-for-a-text": yaml("id: lab-sample", "id: [lab, sample]"),
    "text-for-a-list": yaml("requires: [tun]", "requires: tun"),
    "text-for-a-mapping": yaml("h1: {kind: host}", "h1: host"),
    "no-value": yaml("id: lab-sample", "id:"),
    "empty-list": yaml("requires: [tun]", "requires: []"),
    "control-character": yaml("to: 192.0.2.7", 'to: "192.0.2.7\\e[1m"'),
    "key-is-a-list": yaml("requires: [tun]", "[requires]: [tun]"),
    "duplicate-key": yaml("    node: h1\n", "    node: h1\n    node: h2\n"),
    "missing-key": yaml("id: lab-sample\n", ""),
    "two-kinds-of-check": yaml("        device: {at: h1:tun0}", "        device: {at: h1:tun0}\n        output: x"),
    "nothing-to-set": yaml("{at: h1:tun0, set: up, mtu: 1400, master: br0}", "{at: h1:tun0}"),
    "count-is-a-word": yaml("count: 4, interval", "count: four, interval"),
    "seconds-are-a-word": yaml("deadline: 10", "deadline: soon"),
    # Names nobody knows.
    "unknown-key": yaml("id: lab-sample", "id: lab-sample\nauthor: me"),
    "misspelt-key": yaml("requires: [tun]", "require: [tun]"),
    "unknown-requirement": yaml("requires: [tun]", "requires: [docker]"),
    "misspelt-flag": yaml("flags: [UP]", "flags: [LOWERUP]"),
    "direction-of-the-other": yaml("seen_by: capture, direction: in", "seen_by: capture, direction: read"),
    "misspelt-module": yaml("module: reader", "module: readr"),
    "unknown-verb": yaml("- stop: tcpdump", "- reboot: h1"),
    "misspelt-verb": yaml("- stop: tcpdump", "- stopp: tcpdump"),
    "unknown-node": yaml("at: h1:br0", "at: gateway:br0"),
    "misspelt-node": yaml("at: h1:br0", "at: h11:br0"),
    "unknown-program": yaml("- stop: tcpdump", "- stop: wireshark"),
    "misspelt-program": yaml("- stop: tcpdump", "- stop: tcpdmp"),
    "no-such-pace": yaml("  fast:", "  slow:"),
    "misspelt-pace": yaml("  fast:", "  faster:"),
    "unknown-pace-value": yaml("{pace.quiet}", "{pace.patience}"),
    "misspelt-pace-value": yaml("{pace.quiet}", "{pace.quite}"),
    # Names and addresses.
    "bad-id": yaml("id: lab-sample", "id: ../lab"),
    "bad-step-id": yaml("id: prepare", "id: Get ready"),
    "bad-claim": yaml("[C01, C02]", "[C1]"),
    "bad-node-name": yaml("h2: {kind: host}", "h2/x: {kind: host}"),
    "long-device-name": yaml("at: h1:br0", "at: h1:a-very-long-name"),
    "no-endpoint": yaml("at: h1:br0", "at: br0"),
    "bad-address": yaml("to: 192.0.2.7", "to: 192.0.2.700"),
    "no-prefix-length": yaml("add: 192.0.2.1/24", "add: 192.0.2.1"),
    "bad-destination": yaml("to: default", "to: everywhere"),
    "host-bits": yaml("to: 198.51.100.0/24", "to: 198.51.100.7/24"),
    "other-address-family": yaml("to: default, via: 192.0.2.9", 'to: "2001:db8::/32", via: 192.0.2.9'),
    "sysctl-outside-net": yaml("key: net.ipv4.ip_forward", "key: kernel.core_pattern"),
    "sysctl-climbs-out": yaml("key: net.ipv4.ip_forward", "key: net.ipv4/../../kernel/core_pattern"),
    "step-twice": yaml("id: look", "id: prepare"),
    "check-twice": yaml("id: held", "id: device"),
    # Topology, paces, programs.
    "one-endpoint": yaml('["h1:eth0", "h2:eth0"]', '["h1:eth0"]'),
    "endpoint-twice": yaml('["h1:eth0", "h2:eth0"]', '["h1:eth0", "h1:eth0"]'),
    "pace-lacks-a-value": yaml("book: {quiet: 2, interval: 1, ttl: 32}", "book: {quiet: 2, ttl: 32}"),
    "sysctl-of-a-node-outside-net": yaml("net.ipv6.conf.all.forwarding: 1", "kernel.hostname: x"),
    "sysctl-of-a-node-without-a-value": yaml("net.ipv6.conf.all.forwarding: 1", "net.ipv6.conf.all.forwarding: []"),
    "source-outside": yaml("source: tun.c", "source: ../tun.c"),
    "source-missing": yaml("source: tun.c", "source: tap.c"),
    "source-leads-out": link("tun.c", "/etc/hostname"),
    "no-way-to-know-it-is-ready": yaml("    ready: listening on eth0\n", ""),
    "no-length-in-line": yaml("Read {length} bytes", "Read some bytes"),
    # Steps.
    "two-verbs-in-an-item": yaml("- stop: tcpdump", "- stop: tcpdump\n        start: tcpdump"),
    "veth-without-peer": yaml(", peer: h2:veth0", ""),
    "quiet-outlasts-deadline": yaml("deadline: 10", "deadline: 0.1"),
    "observes-a-later-step": yaml("observes: prepare", "observes: ping"),
    "observes-misspelt": yaml("observes: prepare", "observes: prepar"),
    "neither-do-nor-observes": yaml("    observes: prepare\n", ""),
    "check-called-length": yaml("id: held", "id: length"),
    "predicts-several-things": yaml("eth0, addresses: 1}", "eth0, addresses: 1, flags: [UP]}"),
    "predicts-no-number": yaml("device: {at: h1:eth0, addresses: 1}", "device: {at: h1:eth0, state: UP}"),
    "check-of-no-kernel": yaml("id: held\n", "id: held\n        kernel: newest\n"),
    "only-absence": yaml("device: {at: h1:tun0}", "output: {program: reader, line: x, count: 0}"),
    "no-check": yaml("    observes: prepare\n    check:", "    observes: prepare\n    checks:"),
    "do-and-solve": yaml("    observes: turn\n", "    observes: turn\n    solve: [stop: reader]\n"),
    "unknown-signal": yaml("signal: USR1", "signal: KILL"),
    "status-of-nothing": yaml("status: 2", "status: 256"),
    # Checks.
    "count-and-at-least": yaml("at_least: 3", "at_least: 3, count: 3"),
    "at-least-nothing": yaml("at_least: 3", "at_least: 0"),
    "neither-count-nor-at-least": yaml(", at_least: 3", ""),
    "counts-what-a-capture-cannot-know": yaml("direction: in, what", "direction: in, program: reader, what"),
    "each-of-a-capture": yaml("direction: in, what", "direction: in, each: true, what"),
    "unknown-counter": yaml("counter: tx_packets", "counter: tx_errors"),
    "half-a-byte": yaml("data: 0000DD", "data: 000"),
    "traced-nowhere": yaml("last: h2:eth0 in", "last: h2:eth0"),
    "traced-at-no-node": yaml("last: h2:eth0 in", "last: h9:eth0 in"),
    "traced-why": yaml("why: no_route_back", "why: no_rout"),
    "traced-answered-why": yaml("{state: answered}", "{state: answered, why: no_route}"),
    "traced-demands-nothing": yaml("traced: {state: answered}", "traced: {}"),
    "field-of-no-header": yaml(
        "traced: {state: answered}",
        "field: {at: h1:eth0, seen_by: capture, direction: in, field: ttl, value: 64}",
    ),
    "trace-port-of-icmp": yaml("protocol: udp, size: 100, port: 7", "port: 7"),
    "trace-size-of-tcp": yaml("protocol: udp, size: 100, port: 7", "protocol: tcp, size: 100"),
    "gone-and-more": yaml("gone: true", "gone: true, state: UP"),
    "line-without-a-gap": yaml("it is {value}.", "it is so."),
    "only-a-counter-at-rest": yaml("        device: {at: h1:tun0}", COUNTER_AT_REST),
    # Predictions.
    "predicts-another-steps-check": yaml("of: replies", "of: held"),
    "one-choice": yaml('{none: 0, some: "1.."}', "{none: 0}"),
    "no-right-choice": yaml("none: 0", "none: 7"),
    "two-right-choices": yaml('"1.."', '"0.."'),
    "choice-with-a-bad-id": yaml("none: 0", "None: 0"),
    "unknown-kind-of-prediction": yaml("kind: text", "kind: words"),
    "solve-without-hint": english("### hint\n\n- The idea.\n- Where to look.\n\n", ""),
    "one-hint": english("- Where to look.\n", ""),
    "prediction-without-feedback": english("### feedback\n\n- right: Yes.\n- wrong: No.\n\n", ""),
    "feedback-on-nothing": english("### notes\n\nTwo", "### feedback\n\n- right: Yes.\n\n### notes\n\nTwo"),
    "answer-to-nothing": english("- some: Some", "- many: Some"),
    "one-answer-more": english("- some: Some", "- many: Many.\n- some: Some"),
    "answer-missing": english("- none: None.\n", ""),
    "no-question": english("How many come back?\n", ""),
    # Sections.
    "no-part-exists": section("[lab-1, lab-2]"),
    "section-in-a-section": section("[itself]"),
    "part-twice": section("[lab-1, lab-1]"),
    # Prose.
    "no-title": english("# A sample\n", ""),
    "two-titles": english("## look", "# look"),
    "heading-without-step": english("## look", "## Have a look"),
    "unknown-step-in-prose": english("## look", "## inspect"),
    "misspelt-step-in-prose": english("## look", "## lok"),
    "step-without-prose": english("## look\n\n### say\n\nLook at `tun0`: {prepare.held}.\n", ""),
    "step-without-say": english("### say\n\nStart the reader.", "### hint\n\nStart the reader."),
    "text-outside-sections": english("## look\n", "## look\n\nLook.\n"),
    "section-before-a-step": english("## prepare: Get ready\n", ""),
    "unknown-section": english("### predict", "### quiz"),
    "misspelt-section": english("### predict", "### predikt"),
    "empty-section": english("Two minutes.\n", ""),
    "open-code-block": english("ip link\n```", "ip link"),
    "lone-brace": english("Start the reader.", "main() { }"),
    "placeholder-in-the-intro": english("{{braces}}", "{braces}"),
    "unknown-check": english("{prepare.held}", "{prepare.flags}"),
    "misspelt-check": english("{prepare.held}", "{prepare.hold}"),
    "unknown-step-in-placeholder": english("{prepare.held}", "{begin.held}"),
    "own-check-in-say": english("Send some.", "Send {read}."),
    "later-check-in-explain": english("Two minutes.", "You will see {ping.read}."),
    "length-of-no-packets": english("{read.length}", "{printed.length}"),
}

# A pace that is asked for is no property of the files, which lint reads at each pace they define.
ONLY_LOAD = ("no-such-pace", "misspelt-pace")

ADVICE: dict[str, Change] = {
    "lint-many-at-once": yaml("set: up, mtu: 1400", "set: high, mtu: 1"),
    "lint-claim-unchecked": yaml("claims: [C02]", "claims: [C01]"),
    "lint-measured-number": english(
        "Of {read} requests of {read.length} bytes", "Of {read} requests ({read.length}=84)"
    ),
    "lint-section-in-one-language": english("### notes\n\nTwo minutes.\n", ""),
    "lint-placeholder-in-one-language": english(", {ping.replies} were answered", ""),
    "lint-every-pace": yaml("book: {quiet: 2, ", "book: {quiet: long, "),
    "lint-every-step": lambda lab: [yaml("mtu: 1400", "mtu: 1")(lab), yaml("length: 84", "length: 0")(lab)],
    "lint-both-languages": lambda lab: [english("{prepare.held}", "{held}")(lab), (lab / "zh.md").unlink()],
    "lint-section-of-nothing": section("[lab-1]"),
    "lint-section-in-a-section": section("[itself]"),
    "lint-part": lambda lab: [
        shutil.copytree(lab, lab / "part"),
        yaml("count: 0", "count: -1")(lab / "part"),
        section("[part]")(lab),
    ],
    "lint-claims-in-one-language": claims("- {id: C01, says: It is so.}\n", ""),
    "lint-claims-differ": claims(
        "- {id: C01, says: So., in_fact: Not so.}\n- {id: C02, says: So.}\n- {id: C03, says: So.}\n",
        "- {id: C01, says: 是}\n- {id: C04, says: 是}\n- {id: C03, says: 是}\n",
    ),
    "lint-claims-wrong": claims("- {id: C01, says: So.}\n- {id: C01, says: So.}\n", "- {id: C01, say: 是}\n"),
    "lint-claim-unknown": claims(
        "- {id: C02, says: So.}\n- {id: C03, says: So.}\n", "- {id: C02, says: 是}\n- {id: C03, says: 是}\n"
    ),
    # The last one: the glossary stays beside the lab.
    "lint-word-of-the-glossary": lambda lab: (lab.parent / "glossary.en.yaml").write_text(
        "- {term: program, means: what reads, not: [reader]}\n"
    ),
}


def find(name: str) -> Path | None:
    return {"itself": Path("lab-x"), "part": Path("lab-x/part")}.get(name)


def refusals(changes: dict[str, Change], here: Path) -> dict[str, list[LabFileError]]:
    """What each change leads to; the lab is in lab-x of the current folder."""
    found: dict[str, list[LabFileError]] = {}
    for name, change in changes.items():
        lab = here / "lab-x"
        shutil.copytree(GOLDEN / "sample", lab)
        change(lab)
        if name.startswith("lint-"):
            found[name] = lint(Path("lab-x"), find)
        else:
            with pytest.raises(LabFileError) as refused:
                load(Path("lab-x"), "fast", find)
            found[name] = [refused.value]
            assert name in ONLY_LOAD or refused.value.key in [error.key for error in lint(Path("lab-x"), find)]
        shutil.rmtree(lab)
    return found


def render(error: LabFileError, language: str) -> str:
    place = error.file if error.line is None else f"{error.file}:{error.line}"
    return f"{place}: {SENTENCES[language][error.key].format(**error.values)}"


@pytest.fixture
def refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, list[LabFileError]]:
    monkeypatch.chdir(tmp_path)
    return refusals(CHANGES | ADVICE, tmp_path)


def test_wording(refused: dict[str, list[LabFileError]]) -> None:
    for language in SENTENCES:
        parts = (
            "\n".join((f"[{name}]", *(render(error, language) for error in errors))) for name, errors in refused.items()
        )
        told = "\n\n".join(parts) + "\n"
        golden = GOLDEN / f"errors.{language}.txt"
        if os.environ.get("UPDATE_GOLDEN"):
            golden.write_text(told)
        assert told == golden.read_text()


def test_every_sentence_is_pinned(refused: dict[str, list[LabFileError]]) -> None:
    told = {error.key for errors in refused.values() for error in errors}
    needs_another_user = {"lab_file_unreadable"}
    assert set(SENTENCES["en"]) - told == needs_another_user


def test_every_key_in_the_code_has_a_sentence() -> None:
    used = set(re.findall('"(lab_[a-z_]+)"', "".join(file.read_text() for file in SOURCE.rglob("*.py"))))
    assert {key.removesuffix("_meant") for key in SENTENCES["en"]} == used


def test_both_languages_have_the_same_sentences_and_gaps() -> None:
    assert list(SENTENCES["en"]) == list(SENTENCES["zh"])
    for key in SENTENCES["en"]:
        assert gaps(SENTENCES["en"][key]) == gaps(SENTENCES["zh"][key]), key


def gaps(sentence: str) -> set[str | None]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name is not None}


def test_a_file_nobody_may_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "denied")

    shutil.copytree(GOLDEN / "sample", tmp_path / "lab-x")
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(LabFileError) as refused:
        load(tmp_path / "lab-x", "fast", find)
    assert render(refused.value, "en").endswith("cannot be read (EACCES); check its permissions")
