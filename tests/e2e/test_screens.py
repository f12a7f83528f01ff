"""Whole screens of a run: compared with golden ones, on terminals of all kinds and sizes, and on a projector.

UPDATE_GOLDEN=1 writes the golden screens anew; read the difference then.
"""

import difflib
import os
import re
from functools import partial
from pathlib import Path

import pytest
from playing import LARGE, SMALL, Player, Run
from rich.cells import cell_len
from terminal import ENTER

from tunlab.kernel.terminal import SHOW_CURSOR

pytestmark = [pytest.mark.needs("sandbox", "tun"), pytest.mark.alike]

GOLDEN = Path(__file__).with_name("golden") / "screens"
UPDATE = os.environ.get("UPDATE_GOLDEN") == "1"
PATIENCE = 10.0  # seconds for a screen to become as it was
SETTLED = 0.4  # seconds in which a screen that is to be golden has been drawn

# What differs from run to run or from host to host: ports, times, process ids, queueing disciplines, bash's prompt.
# Each is replaced by as many characters, so that what stands behind it stays in its place.
VARYING = (
    (re.compile(r"UDP \d+ >"), "UDP PPPPP >"),
    (re.compile(r"\d\.\d{3}(?=  )"), "S.SSS"),
    (re.compile(r"pid \d+(.*?) *(?=\|$)", re.MULTILINE), r"pid N\1"),
    (re.compile(r"\b(noop|noqueue|pfifo_fast|fq|fq_codel|sfq|cake)\b *"), "Q"),
    (re.compile(r"^(h\d)[#$]", re.MULTILINE), r"\1$"),
)

# A name for the screen, what is pressed before it, and what the screen must show before it is looked at.
WALK: tuple[tuple[str, bytes | str, str], ...] = (
    ("introduction", "", "key_quit"),
    ("a question", ENTER, "predict_type"),
    ("a wrong key", "c", "key_wrong"),
    ("the keys", "?", "help_key_quit"),
    ("an answer is typed", ENTER, "predict_answer"),
    ("its reason is asked for", "reader\r", "predict_reason"),
    ("it is committed", "it opens it\r", "footer_act"),
    ("a step is done", ENTER, "footer_explain"),
    ("why", ENTER, "footer_next"),
    ("a choice", ENTER, "predict_choose"),
    ("its reason", "3", "predict_reason"),
    ("a turn", "因为\r", "footer_turn"),
    ("the first hint", "h", "hint_number"),
    ("the second hint", "h", "hint_number"),
    ("the last hint", "h", "hint_number"),
    ("how far it is", "c", "status_not_yet"),
    ("a shell", "!", "shell_opens"),
    ("back from the shell", "ip addr add 192.0.2.1/24 dev tun0; ip link set dev tun0 up; exit\r", "footer_explain"),
    ("why it was so", ENTER, "footer_next"),
    ("a number is asked for", ENTER, "predict_type"),
    ("no number", "\rmany\r", "predict_number"),
    ("a number", "3\r", "predict_reason"),
    ("it is committed too", "\r", "footer_act"),
    ("packets", ENTER, "footer_explain"),
    ("which packet", "i", "headers_which"),
    ("none", b"\x1b", "footer_explain"),
    ("the list", "l", "list_which"),
    ("a jump", "one\r", "footer_turn"),
    ("solved", "s", "footer_next"),
    ("two nodes", ENTER, "footer_act"),
    ("which node", "!", "shell_which"),
    ("neither", b"\x1b", "footer_act"),
    ("the last step", ENTER, "footer_end"),
    ("the end", ENTER, "run_done"),
)


@pytest.fixture
def play(installed: Path, tmp_path: Path) -> Player:
    return Player(installed, tmp_path)


def masked(text: str) -> str:
    for pattern, instead in VARYING:
        text = pattern.sub(partial(_instead, instead), text)
    return "\n".join(line.rstrip() for line in text.splitlines()).rstrip()


def _instead(template: str, found: re.Match[str]) -> str:
    return found.expand(template).ljust(len(found[0]))


def golden(language: str) -> dict[str, str]:
    """The screens by name."""
    path = GOLDEN / f"{language}.txt"
    if not path.exists():
        return {}
    named = re.split(r"^=== (.+)\n", path.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    return {name: screen.rstrip("\n") for name, screen in zip(named[::2], named[1::2], strict=True)}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_golden_screens(play: Player, language: str) -> None:
    """A walk through the lab by most of the keys, screen by screen as a learner sees it on 80 columns."""
    known, seen = golden(language), {}
    assert UPDATE or list(known) == [name for name, _, _ in WALK]
    with play(language, SMALL, prompt=False) as run:
        for name, keys, wanted in WALK:
            run.terminal.type(keys.encode() if isinstance(keys, str) else keys)
            seen[name] = _screen(run, wanted) if UPDATE else _like(run, name, known[name])
        run.is_over(0)
    if UPDATE:
        GOLDEN.mkdir(exist_ok=True, parents=True)
        told = "".join(f"=== {name}\n{screen}\n" for name, screen in seen.items())
        (GOLDEN / f"{language}.txt").write_text(told, encoding="utf-8")


def _screen(run: Run, wanted: str) -> str:
    run.terminal.wait_until(lambda: run.told(wanted) > 0, wanted)
    run.terminal.draw_for(SETTLED)
    return masked(run.terminal.text())


def _like(run: Run, name: str, known: str) -> str:
    try:
        run.terminal.wait_until(lambda: masked(run.terminal.text()) == known, f"screen {name!r}", PATIENCE)
    except AssertionError:
        lines = difflib.unified_diff(known.splitlines(), masked(run.terminal.text()).splitlines(), "golden", "seen")
        pytest.fail(f"the screen {name!r} differs:\n" + "\n".join(lines), pytrace=False)
    return known


# Other terminals


def _walk(run: Run) -> None:
    """The first two steps, a shell and the list, whatever the screen looks like."""
    run.to_turn()
    run.insist("?", "help_key_check")
    run.open_shell()
    run.press("exit\r", "shell_closed", "footer_turn", prompt=False)
    run.insist("x", "key_wrong")
    run.press("l", "list_turn", prompt=False)
    run.press("\r", "footer_turn")
    run.press("s", "rebuilding", "status_pass", "footer_explain")
    run.enter("why", "footer_next")
    run.quit()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_dumb_terminal(play: Player, language: str) -> None:
    """One that can only print: nothing is drawn twice. All that is sent to it beside text shows the cursor again."""
    with play(language, SMALL, term="dumb") as run:
        run.draws = False
        _walk(run)
        assert b"\x1b" not in run.terminal.written.removesuffix(SHOW_CURSOR)


def test_without_colours(play: Player) -> None:
    with play("en", SMALL, variables={"NO_COLOR": "1"}) as run:
        _walk(run)
        assert not {colour for colour in _attributes(run) if 30 <= colour <= 49 or 90 <= colour <= 107}


@pytest.mark.parametrize(("language", "columns"), [("en", 40), ("zh", 40), ("zh", 60)])
def test_narrow_terminals(play: Player, language: str, columns: int) -> None:
    with play(language, (columns, 24)) as run:
        _walk(run)


@pytest.mark.parametrize(("language", "size"), [("en", LARGE), ("zh", SMALL)])
def test_projector(play: Player, language: str, size: tuple[int, int]) -> None:
    """Never wider than 80 columns, nothing dim, and each verdict is a word."""
    with play(language, size, "--projector") as run:
        widest = 0

        def look() -> None:
            nonlocal widest
            widest = max([widest, *(cell_len(line) for line in run.terminal.transcript().splitlines())])

        run.to_choice()
        look()
        run.press("2", "predict_reason", prompt=False)
        run.press("\r", "footer_turn")
        run.check("status_not_yet")
        look()
        run.press("h", "hint_number")
        look()
        run.press("s", "rebuilding", "status_pass", "reveal_other", "footer_explain")
        look()
        run.enter("why")
        run.enter("predict_type")
        run.press("s", "footer_act")
        run.enter("status_pass", "footer_explain", "length 6")
        look()
        run.press("?", "help_key_quit")
        look()
        assert 70 < widest <= 80
        run.quit()
        assert 2 not in _attributes(run)


def _attributes(run: Run) -> set[int]:
    """Every attribute that was set (ECMA-48, SGR), colours of 38 and 48 by that number alone."""
    found: set[int] = set()
    for sequence in re.findall(rb"\x1b\[([0-9;]*)m", run.terminal.written):
        numbers = iter([int(number or 0) for number in sequence.split(b";")])
        for number in numbers:
            found.add(number)
            if number in (38, 48):
                for _ in range({5: 1, 2: 3}[next(numbers)]):
                    next(numbers)
    return found
