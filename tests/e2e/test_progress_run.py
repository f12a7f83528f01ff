"""Where a run begins: where the learner left off, at a step that was asked for, or anew; and what is kept of it."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from playing import LAB, SMALL, Player, environment, progress_name, run_words
from terminal import CONTROL_C, ENTER, PATIENCE

from tunlab.labfile.fingerprint import fingerprint
from tunlab.session.progress import StepRecord, load, record

pytestmark = [pytest.mark.needs("sandbox", "tun"), pytest.mark.alike]

STEPS = ("start", "up", "send", "one", "cable")


@pytest.fixture
def play(installed: Path, tmp_path: Path) -> Player:
    return Player(installed, tmp_path)


def played(place: Path, *steps: str, lab: Path = LAB) -> None:
    """As if the learner had played these steps before."""
    folder, done = place / "tunlab/progress", StepRecord("done", "2026-01-02T03:04:05Z")
    for step in steps:
        record(folder, progress_name(lab), fingerprint(lab), step, done)


def copy(place: Path) -> Path:
    """A copy of the lab, to be edited."""
    return Path(shutil.copytree(LAB, place / "labs/lab-keys"))


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file.name}"
    file.write_text(text.replace(old, new), encoding="utf-8")


def without_step(lab: Path, step: str) -> None:
    """Take a step out of a copied lab and its pages."""
    for name, begins in (("lab.yaml", "  - id: "), ("en.md", "## "), ("zh.md", "## ")):
        head, *parts = (lab / name).read_text(encoding="utf-8").split("\n" + begins)
        kept = [part for part in parts if not part.startswith((f"{step}\n", f"{step}:"))]
        assert len(kept) == len(parts) - 1
        (lab / name).write_text(("\n" + begins).join([head, *kept]), encoding="utf-8")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_quit_and_go_on(play: Player, language: str) -> None:
    with play(language) as run:
        assert not run.told("resume_here")
        run.to_turn()
        run.quit()
        assert list(run.progress()) == ["start"]
    with play(language) as run:
        title = {"en": "An address for tun0", "zh": "给 tun0 一个地址"}[language]
        run.await_all("resume_here", "step 2" if language == "en" else "第 2 步", title, "rebuilding", "footer_next")
        run.enter("predict_choose", "step_of_turn")
        run.press("s", "footer_turn", "reader", "no_address")
        run.terminal.type(CONTROL_C)
        run.is_over(130, "run_stopped")
        assert list(run.progress()) == ["start"]
    with play(language, SMALL, "--fresh") as run:
        assert not run.told("resume_here") and not run.told("rebuilding")
        run.to_question()
        run.quit()
        assert not (run.place / f"tunlab/progress/{progress_name(LAB)}.json").exists()


def test_what_is_said_at_the_end_leads_back(play: Player, tmp_path: Path) -> None:
    """The command after "Go on with" goes on."""
    with play() as run:
        run.to_choice()
        run.quit()
        told = " ".join(run.terminal.text().split())
    command = told.rpartition("Go on with: ")[2].split()
    assert command[:2] == ["tunlab", "run"] and Path(command[2]) == LAB
    with play(lab=command[2]) as run:
        run.await_all("resume_here")
        run.quit()


def test_everything_was_played(play: Player, tmp_path: Path) -> None:
    played(tmp_path, *STEPS)
    with play() as run:
        run.await_all("resume_finished")
        run.press("l", "list_which", prompt=False)
        assert run.told("list_done") >= len(STEPS)
        run.press(b"\x1b")
        run.to_question()
        run.press(ENTER, "predict_answer", prompt=False)
        run.press("nobody\r", "predict_reason", prompt=False)
        run.press("\r", "footer_act")
        run.enter("reveal_other", "footer_explain")
        run.quit()
        assert run.progress()["start"]["prediction"]["answer"] == "nobody"
        assert list(run.progress()) == list(STEPS)


def test_from(play: Player, tmp_path: Path) -> None:
    played(tmp_path, "start")
    with play("zh", SMALL, "--from", "one") as run:
        run.await_all("rebuilding", "footer_next")
        assert not run.told("resume_here")
        run.enter("footer_turn", "192.0.2.1/24")
        run.press("s", "rebuilding", "footer_next")
        run.enter("footer_act")
        run.quit()
        assert {step: each["state"] for step, each in run.progress().items()} == {"start": "done", "one": "solved"}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_end_counts_what_was_predicted_in_an_earlier_sitting(play: Player, tmp_path: Path, language: str) -> None:
    folder, name = tmp_path / "tunlab/progress", progress_name(LAB)
    said = {"kind": "text", "answer": "nobody", "reason": None, "observed": "reader", "matched": False}
    for step, prediction in (
        ("start", said),
        ("up", said | {"answer": None, "matched": None}),
        ("send", None),
        ("one", None),
    ):
        record(folder, name, fingerprint(LAB), step, StepRecord("done", "2026-01-02T03:04:05Z", prediction))
    with play(language) as run:
        run.enter("footer_act")
        run.enter("footer_end")
        run.terminal.type(ENTER)
        run.is_over(0, "run_done", "run_surprises")
        counted = {"en": "You predicted in 1 of 2 steps.", "zh": "一共 2 道预测题，你答了 1 道。"}[language]
        title = {"en": "- 1, A program takes tun0", "zh": "- 第 1 步“程序拿到 tun0”"}[language]
        assert run.told(counted) and run.told(title)


def test_only(play: Player) -> None:
    with play("en", SMALL, "--only", "send") as run:
        run.await_all("rebuilding", "footer_next")
        run.enter("predict_type")
        run.press("s", "footer_act")
        run.enter("footer_explain")
        run.enter("footer_end")
        run.terminal.type(ENTER)
        run.is_over(0, "run_done", "run_predicted")


def tunlab(play: Player, *words: str | Path) -> "subprocess.CompletedProcess[str]":
    """Run tunlab without a terminal."""
    command = [play.tunlab, *words]
    variables = environment(play.place, "")
    return subprocess.run(command, env=variables, capture_output=True, text=True, timeout=PATIENCE, check=False)


def test_only_by_itself(play: Player, tmp_path: Path) -> None:
    done = tunlab(play, *run_words(LAB), "--json", "--only", "send")
    assert (done.returncode, done.stderr) == (0, "")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [each["step"] for each in events if each["event"] == "step_finished"] == ["send"]
    assert [each["step"] for each in events if each["event"] == "check"] == ["send", "send"]
    rebuilt = [each["verb"] for each in events if each["event"] == "action" and each["verb"] != "sysctl"]
    assert rebuilt == ["start", "address", "link", "exec"]
    assert not (tmp_path / "tunlab/progress").exists()  # nobody's progress


@pytest.mark.parametrize(
    ("options", "english", "chinese"),
    [
        (["--from", "sned"], "did you mean 'send'?", "是不是想写“send”？"),
        (["--only", "xyz"], "the steps are start, up, send, one, cable", "可用的步骤：start, up, send, one, cable"),
        (["--from", "up", "--only", "up"], "--from and --only", "--from 和 --only"),
    ],
    ids=["near", "unknown", "both"],
)
def test_mistaken_beginnings(play: Player, options: list[str], english: str, chinese: str) -> None:
    for language, sentence in (("en", english), ("zh", chinese)):
        done = tunlab(play, *run_words(LAB), "--auto", "--lang", language, *options)
        assert (done.returncode, done.stdout) == (2, ""), done.stderr
        assert sentence in done.stderr and len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_lab_that_has_changed(play: Player, tmp_path: Path, language: str) -> None:
    lab = copy(tmp_path)
    played(tmp_path, "start", lab=lab)
    edit(lab / "en.md", "Five steps for one keyboard.", "Other words.")
    with play(language, lab=lab) as run:
        run.await_all("resume_here")
        assert not run.told("resume_changed")  # words are no change
        run.quit()
    edit(lab / "lab.yaml", "192.0.2.7/9", "192.0.2.9/9")
    with play(language, lab=lab) as run:
        run.await_all("resume_changed", "resume_here", "rebuilding")
        run.quit()


def test_a_lab_of_the_same_name_is_another(play: Player, tmp_path: Path) -> None:
    """Where labs come from elsewhere, the folder tells them apart."""
    played(tmp_path, "start")
    with play(lab=copy(tmp_path)) as run:
        assert not run.told("resume_here") and not run.told("rebuilding")
        run.quit()


def test_a_step_that_is_gone(play: Player, tmp_path: Path) -> None:
    """What was played and is still there counts: it goes on at the first step that was not."""
    lab = copy(tmp_path)
    played(tmp_path, "start", "up", "send", "one", lab=lab)
    without_step(lab, "one")
    with play(lab=lab) as run:
        run.await_all("resume_changed", "resume_here", "A cable")
        run.enter("footer_act", "step 4 of 4")
        run.enter("footer_end")
        run.terminal.type(ENTER)
        run.is_over(0, "run_done")
        assert list(run.progress(lab)) == ["start", "up", "send", "one", "cable"]


def test_a_step_that_is_new(play: Player, tmp_path: Path) -> None:
    lab = copy(tmp_path)
    played(tmp_path, "start", "send", "one", "cable", lab=lab)
    with play(lab=lab) as run:
        run.await_all("resume_here", "An address for tun0")
        run.quit()


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("content", ["{", '{"schema": 2}', ""])
def test_broken_progress(play: Player, tmp_path: Path, language: str, content: str) -> None:
    file = tmp_path / f"tunlab/progress/{progress_name(LAB)}.json"
    file.parent.mkdir(parents=True)
    file.write_text(content)
    with play(language, prompt=False) as run:
        run.is_over(2, "progress_unreadable", file.name)
    assert file.read_text() == content
    if content:
        return
    with play(language, SMALL, "--fresh") as run:
        run.to_action()
        run.enter("footer_explain")
        run.quit()
        assert list(run.progress()) == ["start"]
        assert [path.name for path in file.parent.glob("*.broken*")] == [f"{file.name}.broken"]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_state_folder_that_cannot_be_written(play: Player, tmp_path: Path, language: str) -> None:
    """The run goes on, and says so at its end."""
    state = tmp_path / "state"
    state.write_text("")  # a mode would keep nobody out who has all capabilities in the sandbox
    with play(language, variables={"XDG_STATE_HOME": str(state)}) as run:
        run.to_action()
        run.enter("footer_explain")
        run.enter("why")
        run.enter("predict_choose")
        assert not run.told("progress_refused")
        run.terminal.type(b"q")
        run.is_over(0, "run_left", "progress_refused")


def test_two_runs_at_once(play: Player, tmp_path: Path) -> None:
    """Each writes down its own steps, and neither loses what the other wrote."""
    with play() as one, play("zh", SMALL, "--from", "cable") as other:
        other.enter("footer_act")
        one.to_action()
        one.enter("footer_explain")
        other.enter("footer_end")
        assert list(one.progress()) == ["start", "cable"]
        one.enter("why")
        one.enter("predict_choose")
        one.press("s", "footer_turn")
        one.press("s", "rebuilding", "footer_explain")
        other.quit()
        one.quit()
    known = load(tmp_path / "tunlab/progress", progress_name(LAB))
    assert known and list(known.steps) == ["start", "cable", "up"]


# Rebuilding


def test_control_c_while_it_rebuilds(play: Player, tmp_path: Path) -> None:
    lab = _unlike_before(tmp_path)
    with play("en", lab=lab, prompt=False) as run:
        run.await_all("rebuilding", prompt=False)
        run.terminal.type(CONTROL_C)
        run.is_over(130, "run_stopped")


def test_a_step_that_cannot_be_rebuilt(play: Player, tmp_path: Path) -> None:
    lab = _unlike_before(tmp_path)
    with play("zh", lab=lab, prompt=False) as run:
        run.is_over(2, "resume_changed", "rebuild_differs")
        assert list(run.progress(lab)) == ["start"]


def _unlike_before(place: Path) -> Path:
    """A lab whose first step, played already, will not again be what its check wants."""
    lab = copy(place)
    played(place, "start", lab=lab)
    edit(lab / "lab.yaml", "device: {at: h1:tun0, holder: reader}", "device: {at: h1:tun0, flags: [UP]}")
    edit(lab / "lab.yaml", "    predict: {of: held, kind: text}\n", "")
    for language in ("en", "zh"):
        _without_prediction(lab / f"{language}.md")
    return lab


def _without_prediction(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    begin = text.index("### predict")
    page.write_text(text[:begin] + text[text.index("### explain") :], encoding="utf-8")
