"""The keys of a run in a real terminal: what is valid where, what each does, and that no other does anything."""

import re
import subprocess
from pathlib import Path

import pytest
from playing import LAB, LARGE, SENTENCES, SMALL, WATCH, Player, Run, environment, run_words
from terminal import ENTER, PATIENCE

from tunlab.ui.footer import KEYS

pytestmark = [pytest.mark.needs("sandbox", "tun"), pytest.mark.alike]

ESCAPE = b"\x1b"
ALWAYS = {"l", "t", "?", "q"}
IN_STEP = ALWAYS | {"!", "b", "r"}


@pytest.fixture
def play(installed: Path, tmp_path: Path) -> Player:
    return Player(installed, tmp_path)


@pytest.mark.parametrize(("language", "size"), [("en", SMALL), ("zh", LARGE)])
def test_each_prompt_lists_its_keys(play: Player, language: str, size: tuple[int, int]) -> None:
    """The one line of keys names those that are valid and no other; ? explains all of them, also what has no room."""
    with play(language, size) as run:
        _offers(run, ALWAYS)
        run.to_question()
        _offers(run, IN_STEP | {"s"})
        run.press("s", "footer_act")
        _offers(run, IN_STEP)
        run.enter("footer_explain")
        _offers(run, IN_STEP)
        run.enter("why")
        run.enter("predict_choose")
        _offers(run, IN_STEP | {"s", "h"})
        run.press("s", "footer_turn")
        _offers(run, IN_STEP | {"s", "h", "c"})
        run.press("s", "rebuilding", "footer_explain")
        _offers(run, IN_STEP | {"h"})
        run.enter("why")
        run.enter("predict_type")
        run.press("s", "footer_act")
        run.enter("footer_explain")
        _offers(run, IN_STEP | {"i"})
        run.quit()


def _offers(run: Run, keys: set[str]) -> None:
    assert keys - set("brtl") <= run.offered() <= keys
    assert run.offered() == keys or SENTENCES[run.language]["key_more"] in run.terminal.text()
    run.press("?", "help_key_quit")
    words = SENTENCES[run.language]
    helped = {key for key, name in KEYS.items() if run.told(f"help_key_{name}")}
    explained = re.findall(r"^  (\S)  \S", run.terminal.transcript(), re.MULTILINE)
    assert (helped, explained) == (keys, [key for key in KEYS if key in keys]), words["help_key_help"]


def test_wrong_keys_are_answered_and_do_nothing(play: Player) -> None:
    with play("en", SMALL, save=True) as run:
        run.press("x", "x: not a key just now")
        run.press("b", "b: not a key just now")  # nothing was said yet that could be read again
        run.press(b"\x1b[A", "this key: not a key just now")
        run.press(ESCAPE, "this key: not a key just now")
        run.press("中", "中: not a key just now")
        run.press(b"\xff\xe4x", "x: not a key just now")
        run.to_question()
        run.press("c", "c: not a key just now")
        run.press("h", "h: not a key just now")
        run.press("1", "1: not a key just now")
        for _ in range(10):
            run.terminal.type(b"xX9 \x7f\x1b[B\x1bOP\xe4\xb8\xad\xff" * 20)
            run.terminal.draw(0)
        run.press("s", "footer_act")
        assert run.events("action") == [] or {each["verb"] for each in run.events("action")} == {"sysctl"}
        run.press("s", "s: not a key just now")
        run.turn_language()
        run.press("\t", "控制键：现在没有这个键")
        run.enter("footer_explain")
        run.quit()


def test_typed_ahead_is_dropped(play: Player) -> None:
    """Several keys at once: the first one that answers is the last one that counts."""
    with play() as run:
        run.to_action()
        run.press(ENTER * 20, "footer_explain")
        run.press("x", "key_wrong", "footer_explain")
        assert not run.told("why")
        run.press(ENTER + b"q" + ENTER, "why", "footer_next")
        run.press("x", "key_wrong", "footer_next")
        run.quit()


def test_keys_in_a_watch_are_answered_at_once(play: Player) -> None:
    with play("en", LARGE, *WATCH) as run:
        run.into_watch()
        run.press("x", "x: not a key just now", prompt=False)
        run.press(ENTER, "Enter: not a key just now", prompt=False)
        run.press("!", "!: not a key just now", prompt=False)
        run.turn_language("内核", "程序", "key_language", prompt=False)
        run.press(b"\x1b[A", "key_wrong", prompt=False)
        run.turn_language("kernel:", "program:", prompt=False)
        assert not run.told("help_key_quit") and not run.told("step_finished")
        run.quit()


def test_language(play: Player) -> None:
    """From the next line on: at a prompt, in a question, in a turn; what was said stays as it is."""
    with play("en", SMALL) as run:
        run.turn_language("key_quit", "程序拿到 tun0")
        run.to_question()
        assert run.told("拿着 tun0 的会是哪个程序？")
        run.turn_language("predict_type")
        run.press("b", "Which program will hold tun0?", "step_of")
        run.press(ENTER, "predict_answer", prompt=False)
        run.press(ESCAPE, "predict_type")
        run.turn_language("predict_type")
        run.press("s", "footer_act")
        run.enter("footer_explain", "reveal_none", "status_pass", "内核：tun0")
        run.turn_language("footer_explain")
        run.enter("why", "The device lives")
        run.enter("predict_choose")
        run.press("s", "footer_turn", "kernel: tun0")
        run.turn_language("footer_turn", "内核：tun0")
        run.check("status_not_yet")
        run.quit()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_list_and_jump(play: Player, language: str) -> None:
    with play(language) as run:
        run.to_question()
        for stay in (ENTER, ESCAPE, b"0" + ENTER, b"6\r", b"9" * 30 + ENTER, "四\r".encode(), b"nowhere\r", b"-1\r"):
            run.press("l", "list_which", "list_turn", prompt=False)
            run.press(stay, "predict_type")
            assert not run.told("rebuilding") and not run.told("step_of")
        run.press("l", "list_which", prompt=False)
        run.press("4\r", "rebuilding", "footer_turn", "step_of_turn")
        run.press("l", "list_which", prompt=False)
        listed = run.terminal.text()
        assert re.search(r"^  >  4 ", listed, re.MULTILINE) and "list_done" not in listed
        run.press("up\r", "rebuilding", "predict_choose", "step_of_turn")
        run.press("s", "footer_turn")
        run.press("s", "rebuilding", "footer_explain")
        run.press("l", "list_which", "list_solved", prompt=False)
        run.press(" start \r", "predict_type")
        assert not run.told("rebuilding")
        run.quit()
        assert run.progress()["up"]["state"] == "solved"


def test_headers(play: Player) -> None:
    with play("en", LARGE, "--from", "send") as run:
        run.enter("predict_type")
        run.press("i", "i: not a key just now")
        run.press("s", "footer_act")
        run.enter("footer_explain")
        run.press("i", "headers_which", prompt=False)
        run.press("2\r", "#2  h1:tun0  34 bytes", "dst 192.0.2.7", "version 4", "load 68656c6c6f0a", "6865 6c6c")
        run.press("i", "headers_which", prompt=False)
        run.press(ENTER, "#3  h1:tun0")
        for nonsense in (ESCAPE, b"4\r", b"0\r", b"99999999999999999999\r"):
            run.press("i", "headers_which", prompt=False)
            run.press(nonsense, "footer_explain")
            assert not run.told("h1:tun0") and run.told("headers_no_such") == (nonsense != ESCAPE)
        run.enter("why", "read 3 packets of 34 bytes")
        run.enter("footer_turn")
        run.press("s", "rebuilding", "footer_next")
        run.turn_language()
        run.press("i", "#1  h1:tun0  34 字节", "dst 192.0.2.8")  # the only one: no question
        run.enter("footer_act")
        assert "i" not in run.offered()
        run.quit()


def test_read_again_and_rebuild(play: Player) -> None:
    with play() as run:
        run.to_action()
        run.press("b", "The program opens", "footer_act")
        run.enter("footer_explain")
        run.press("b", "The program opens", "footer_explain")
        run.press("r", "step_of", "footer_act")  # the answer was committed: it is not asked for again
        assert not run.told("predict") and not run.told("rebuilding")
        run.enter("footer_explain", "reveal_none")
        run.enter("why")
        run.enter("predict_choose")
        run.press("r", "rebuilding", "step_of_turn", "predict_choose")
        run.press("1", "predict_reason", prompt=False)
        run.press(ENTER, "predict_committed", "footer_turn")
        run.press("r", "rebuilding", "step_of_turn", "footer_turn")
        assert not run.told("predict_choose")
        run.press("s", "rebuilding", "reveal_right", "footer_explain")
        run.quit()


def test_hints(play: Player) -> None:
    with play("en", LARGE) as run:
        run.to_choice()
        run.press("h", "Hint 1 of 3", "A device without an address", "predict_choose")
        run.press("s", "footer_turn")
        run.press("h", "Hint 2 of 3", "Look at two subcommands")
        run.turn_language("footer_turn")
        run.press(
            "h", "提示 3/3", "h1$ ip addr add 192.0.2.1/24 dev tun0", "h1$ ip link set dev tun0 up", "footer_turn"
        )
        run.insist("h", "key_wrong")
        assert "h" not in run.offered()
        run.press("r", "rebuilding", "footer_turn")  # played anew, it has its hints again
        run.press("h", "提示 1/3")
        run.quit()


# Predictions


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_choice_with_a_reason(play: Player, language: str) -> None:
    with play(language, SMALL, save=True) as run:
        run.to_choice()
        run.press("4", "key_wrong", "predict_choose")
        run.press("2", "predict_reason", prompt=False)
        run.press(ESCAPE, "predict_choose")
        run.press("3", "predict_reason", prompt=False)
        run.press("中文字", "中文字", prompt=False)
        run.press(b"\x7f", "中文", prompt=False)
        assert not run.told("字")
        run.press("😀é", "中文😀é", prompt=False)
        before = len(run.events("action"))
        run.press(b"\x7f" + ENTER, "predict_committed", "footer_turn")
        assert len(run.events("action")) == before and len(run.events("prediction")) == 1
        run.press("s", "rebuilding", "reveal_other", "footer_explain")
        told = run.events("prediction")[-1]
        fields = {name: told[name] for name in ("step", "kind", "answer", "reason", "observed", "matched")}
        assert fields == {
            "step": "up",
            "kind": "choice",
            "answer": "more",
            "reason": "中文😀",
            "observed": "nothing",
            "matched": False,
        }
        run.quit()
        kept = run.progress()["up"]["prediction"]
        assert kept == {name: value for name, value in fields.items() if name != "step"}


def test_a_text_and_a_number(play: Player) -> None:
    with play("en", SMALL, save=True) as run:
        run.to_question()
        run.press(ENTER, "predict_answer", prompt=False)
        run.press("\r", "predict_answer", prompt=False)  # nothing is no answer
        run.press(b"wrong\x15Read er\r", "predict_reason", "Read er", prompt=False)
        run.press("\r", "predict_committed", "footer_act")
        assert {each["verb"] for each in run.events("action")} <= {"sysctl"}
        run.enter("reveal_right", "It opened the device", "footer_explain")
        run.press("l", "list_which", prompt=False)
        run.press("send\r", "rebuilding", "predict_type")
        run.press(ENTER, "predict_answer", prompt=False)
        for number in ("three", "-3", "3.0", "³", "٣"):
            run.press(f"{number}\r", "predict_number", prompt=False)
        run.press("0099\r", "predict_reason", "99", prompt=False)
        run.press("\r", "predict_committed", "footer_act")
        run.enter("reveal_other", "There were fewer", "footer_explain")
        assert [
            (each["kind"], each["answer"], each["reason"], each["matched"]) for each in run.events("prediction")
        ] == [
            ("text", "Read er", None, True),
            ("number", "99", None, False),
        ]
        run.quit()


def test_a_long_reason_shows_its_end(play: Player) -> None:
    with play("zh", SMALL, save=True) as run:
        run.to_choice()
        run.press("1", "predict_reason", prompt=False)
        run.press("很长的理由" * 40 + "完", "完", prompt=False)
        assert run.told("predict_reason") and len(run.terminal.text().rstrip().splitlines()) <= 3
        run.press("\r", "predict_committed", "footer_turn")
        run.press("s", "rebuilding", "footer_explain")
        assert run.events("prediction")[-1]["reason"] == "很长的理由" * 40 + "完"
        run.quit()


def test_auto_makes_no_prediction(installed: Path, tmp_path: Path) -> None:
    command = [installed / "tunlab", *run_words(LAB), "--auto", "--save", tmp_path / "saved"]
    variables = environment(tmp_path, "")
    done = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr
    told = [line for line in (tmp_path / "saved/events.jsonl").read_text().splitlines() if '"prediction"' in line]
    assert len(told) == 3 and all('"answer": null' in line and '"matched": null' in line for line in told)
    assert not (tmp_path / "tunlab/progress").exists()
