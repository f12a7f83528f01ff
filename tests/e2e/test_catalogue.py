"""The home page, the list, a lab's page and completion, as typed: in both languages, plain in a pipe, 80 columns."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from tunlab import paths
from tunlab.i18n import LANGUAGES, Words
from tunlab.labfile.load import load
from tunlab.labfile.placeholders import fill
from tunlab.model.lab import Lab
from tunlab.session.progress import StepRecord, record

TUNLAB = Path(sys.prefix) / "bin/tunlab"
LAB = "lab-1.4.3"


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state folder of this test's own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state/tunlab/progress"


pytestmark = [pytest.mark.usefixtures("state"), pytest.mark.alike]


def tunlab(*words: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [TUNLAB, *words],
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )


def told(*words: str | Path) -> str:
    """What a command says that ends well."""
    done = tunlab(*words)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def steps(lab: str) -> list[str]:
    loaded = load(paths.labs() / lab, "fast", paths.find_lab)
    assert isinstance(loaded, Lab)
    return [step.id for step in loaded.steps]


def play(state: Path, lab: str, count: int) -> None:
    for step in steps(lab)[:count]:
        record(state, lab, "h", step, StepRecord("done", "2026-01-01T00:00:00Z"))


# Home


@pytest.mark.parametrize("language", LANGUAGES)
def test_home_says_first_what_to_do(language: str) -> None:
    lines = told("--lang", language).splitlines()
    assert "tunlab run lab-1.4" in lines[0]
    assert "tunlab doctor" in lines[1]
    assert any(LAB in line for line in lines)


@pytest.mark.parametrize("language", LANGUAGES)
def test_home_says_where_a_lab_goes_on(language: str, state: Path) -> None:
    play(state, LAB, 2)
    lines = told("--lang", language).splitlines()
    loaded = load(paths.labs() / LAB, "fast", paths.find_lab)
    assert lines[0].endswith(f"tunlab run {LAB}")
    assert loaded.prose[language].steps[steps(LAB)[2]].title in lines[1]
    total = len(steps(LAB))
    assert any(re.search(rf"{LAB}\b.*\b2( of |/){total}\b", line) for line in lines)


def test_home_says_that_all_is_done(state: Path) -> None:
    for lab in paths.lab_ids():
        if isinstance(load(paths.labs() / lab, "fast", paths.find_lab), Lab):
            play(state, lab, 1000)
    first, *rest = told("--lang", "en").splitlines()
    assert first == "You have finished every lab."
    assert "tunlab run lab-1.4 --fresh" in rest[0]


def test_broken_progress_is_told_and_the_labs_all_the_same(state: Path) -> None:
    play(state, LAB, 1)
    (state / f"{LAB}.json").write_text("{")
    done = tunlab("--lang", "en")
    assert done.returncode == 0
    assert done.stderr.startswith(f"tunlab: {state / LAB}.json")
    assert "tunlab run lab-1.4" in done.stdout


@pytest.mark.parametrize("words", [(), ("list",), ("list", "--claims"), ("show", LAB), ("show", "lab-1.4", "--notes")])
@pytest.mark.parametrize("language", LANGUAGES)
def test_plain_text_of_80_columns(language: str, words: tuple[str, ...]) -> None:
    text = told(*words[:1], "--lang", language, *words[1:])
    assert "\x1b" not in text
    assert [line for line in text.splitlines() if cell_len(line) > 80] == []


def test_the_language_may_stand_before_the_command() -> None:
    assert told("--lang", "zh", "list") == told("list", "--lang", "zh")
    assert told("--lang", "zh", "lab", "lint", LAB) == told("lab", "lint", LAB, "--lang", "zh")
    assert told("--lang", "zh", "list", "--lang", "en") == told("list", "--lang", "en")


# List


def test_the_list_has_every_lab_and_section(state: Path) -> None:
    play(state, LAB, 2)
    entries = [json.loads(line) for line in told("list", "--json").splitlines()]
    assert sorted(entry["id"] for entry in entries) == sorted(paths.lab_ids())
    [section] = [entry for entry in entries if entry["id"] == "lab-1.4"]
    assert LAB in section["parts"]
    [lab] = [entry for entry in entries if entry["id"] == LAB]
    assert lab == {
        "schema": 1,
        "id": LAB,
        "title": "The tun0 experiment",
        "steps": len(steps(LAB)),
        "done": 2,
        "finished": False,
        "missing": None,
    }
    text = told("list")
    assert all(entry["id"] in text and entry["title"] in text for entry in entries)


CLAIM = {"en": "tcpdump on tun0 shows the four echo requests.", "zh": "tcpdump 在 tun0 上看到这 4 个回显请求。"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_claims_and_where_they_are_demonstrated(language: str) -> None:
    entries = [json.loads(line) for line in told("list", "--claims", "--json", "--lang", language).splitlines()]
    assert {
        "schema": 1,
        "section": "lab-1.4",
        "id": "C27",
        "says": CLAIM[language],
        "in_fact": None,
        "steps": [{"lab": LAB, "step": "ping"}, {"lab": LAB, "step": "tcpdump"}],
    } in entries
    text = told("list", "--claims", "--lang", language)
    assert re.search(rf"^C27  {re.escape(CLAIM[language])} +lab-1\.4\.3 ping, tcpdump$", text, re.MULTILINE)
    assert text.count(Words(language)("claims_not_so", in_fact="")) == len(
        [each for each in entries if each["in_fact"]]
    )
    for entry, row in zip(entries, re.split(r"^(?=C\d\d  )", text, flags=re.MULTILINE)[1:], strict=True):
        assert row.startswith(f"{entry['id']}  {entry['says'][:12]}")
        nowhere = Words(language)("claims_nowhere")
        assert all(step["step"] in row for step in entry["steps"]) and (nowhere in row) == (not entry["steps"])


# One lab


def words_of(text: str) -> str:
    """Without the wrapping."""
    return re.sub(r"\s+", "", re.sub(r"[`*]", "", text))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_lab_is_shown_in_full(language: str) -> None:
    loaded = load(paths.labs() / LAB, "fast", paths.find_lab)
    assert isinstance(loaded, Lab)
    prose = loaded.prose[language]
    text, all_of_it = (words_of(told("show", LAB, "--lang", language, *notes)) for notes in ([], ["--notes"]))
    assert words_of(prose.title) in text
    assert words_of(prose.intro) in text
    for step in loaded.steps:
        sections = prose.steps[step.id].sections
        assert words_of(prose.steps[step.id].title) in text
        assert words_of(fill(sections["say"], {})) in text
        for section in {"explain", "notes"} & sections.keys():
            told_of = words_of(fill(sections[section], {}))
            assert told_of not in text
            assert told_of in all_of_it
        for verb in step.do:
            assert all(words_of("".join(command)) in words_of(text.replace("'", "")) for command in verb.commands())


def test_what_is_measured_is_a_gap() -> None:
    text = told("show", LAB, "--notes", "--lang", "en")
    assert "?" in text
    assert "{" not in text


def test_a_lab_as_data() -> None:
    shown: dict[str, Any] = json.loads(told("show", LAB, "--json"))
    assert [step["id"] for step in shown["steps"]] == steps(LAB)
    assert "h1" in shown["nodes"]
    assert not any("notes" in step or "explain" in step for step in shown["steps"])
    assert all(step["say"] and step["title"] for step in shown["steps"])
    assert any("notes" in step for step in json.loads(told("show", LAB, "--json", "--notes"))["steps"])


def test_a_section_has_its_parts() -> None:
    shown = json.loads(told("show", "lab-1.4", "--json"))
    assert LAB in [part["id"] for part in shown["parts"]]
    assert "The tun0 experiment" in told("show", "lab-1.4", "--lang", "en")


QUESTION = """\
schema: 1
id: lab-q
topology: {nodes: {h1: {kind: host}}}
steps:
  - id: guess
    predict: {kind: number, of: seen}
    do:
      - ping: {node: h1, to: 192.0.2.7, count: 4}
    check:
      - id: seen
        packets: {at: h1:tun0, seen_by: capture, direction: out, count: 4321}
  - id: yours
    solve:
      - address: {at: h1:tun0, add: 192.0.2.99/24}
    check:
      - id: there
        device: {at: h1:tun0, flags: [UP]}
"""
WORDS = """\
# Q

## guess: Guess

### say

Four.

### predict

How many?

### feedback

- right: RIGHT
- low: LOW
- high: HIGH

## yours: Yours

### say

An address.

### hint

- IDEA
- WHERE
"""


@pytest.fixture
def asking(tmp_path: Path) -> Path:
    """A lab that asks for a prediction, and one step of which is the learner's."""
    folder = tmp_path / "lab-q"
    folder.mkdir()
    (folder / "lab.yaml").write_text(QUESTION)
    for language in LANGUAGES:
        (folder / f"{language}.md").write_text(WORDS)
    return folder


ANSWERS = ("4321", "192.0.2.99", "RIGHT", "IDEA")


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_no_question_is_answered_without_the_notes(asking: Path, options: tuple[str, ...]) -> None:
    text = told("show", asking, *options)
    assert "How many?" in text
    assert not [answer for answer in ANSWERS if answer in text]
    text = told("show", asking, "--notes", *options)
    assert [answer for answer in ANSWERS if answer in text] == list(ANSWERS)


@pytest.mark.parametrize("words", [("show", "nolab"), ("show", "./not-there")])
def test_what_cannot_be_shown_is_one_sentence(words: tuple[str, ...]) -> None:
    done = tunlab(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("tunlab: ")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("words", [(), ("list",), ("list", "--claims"), ("show", LAB)])
def test_nobody_reads_any_more_or_there_is_no_space(words: tuple[str, ...]) -> None:
    for script, status in (('"$@" >/dev/full', 3), ('"$@" | true', 0)):
        done = subprocess.run(["sh", "-c", script, "sh", TUNLAB, *words], capture_output=True, text=True, timeout=60)
        assert done.returncode == status
        assert "Traceback" not in done.stderr


# Completion


def completed(*typed: str) -> list[str]:
    """What Tab offers in bash after these words, the last of which is not finished."""
    environment = {"_TUNLAB_COMPLETE": "complete_bash", "COMP_WORDS": "\n".join(("tunlab", *typed))}
    environment["COMP_CWORD"] = str(len(typed))
    done = subprocess.run(
        [sys.executable, "-X", "importtime", TUNLAB],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0
    imported = {line.split("|")[-1].strip().split(".")[0] for line in done.stderr.splitlines()}
    assert "typer" in imported
    assert not imported & {"rich", "scapy", "pyroute2", "numpy"}
    return done.stdout.split()


@pytest.mark.parametrize("command", [("run", "--auto"), ("show",), ("lab", "lint"), ("lab", "prove")])
def test_a_lab_is_completed(command: tuple[str, ...]) -> None:
    assert completed(*command, "") == paths.lab_ids()


def test_what_is_typed_already_counts() -> None:
    assert completed("run", "lab-1.4.3") == [LAB]
    assert completed("run", "./") == []  # then bash offers files


@pytest.mark.parametrize("option", ["--from", "--only"])
def test_a_step_of_the_lab_is_completed(option: str) -> None:
    assert completed("run", LAB, option, "") == steps(LAB)


def test_a_step_is_completed_where_the_lab_can_be_read(asking: Path) -> None:
    assert completed("run", "--auto", str(asking), "--from", "g") == ["guess"]
    assert completed("run", "lab-1.4", "--pace", "book", "--from", steps(LAB)[0]) == [steps(LAB)[0]]
    assert completed("run", "nolab", "--from", "") == []
    (asking / "lab.yaml").write_text("[")
    assert completed("run", str(asking), "--from", "") == []


def test_commands_are_completed() -> None:
    assert {"run", "show", "list", "lab"} <= set(completed(""))


def test_bash_itself_completes() -> None:
    asked = {"_TUNLAB_COMPLETE": "source_bash"}
    script = subprocess.run([TUNLAB], env=os.environ | asked, capture_output=True, text=True, check=True).stdout
    script += '\nCOMP_WORDS=(tunlab show lab-1.4.); COMP_CWORD=2; _tunlab_completion tunlab; echo "${COMPREPLY[@]}"\n'
    path = f"{TUNLAB.parent}:{os.environ['PATH']}"
    done = subprocess.run(["bash", "-c", script], env=os.environ | {"PATH": path}, capture_output=True, text=True)
    assert LAB in done.stdout.split()
