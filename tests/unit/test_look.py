"""How a page looks: each colour has a word beside it, and a projector shows nothing dim."""

import io

import pytest
from rich.console import Console

from tunlab.i18n import Words
from tunlab.model.checks import DeviceCheck
from tunlab.model.events import CheckJudged
from tunlab.model.topology import Endpoint
from tunlab.ui.judged import judged_row
from tunlab.ui.look import ORDINARY, PROJECTOR_WIDTH, Look, projector

STYLES = (
    "node",
    "command",
    "footer",
    "wrong",
    "question",
    "verdict",
    "pass",
    "fail",
    "unknown",
    "skipped",
    "code",
    "term",
)
STATUSES = ("pass", "fail", "unknown", "skipped")
DARK, LIGHT = projector({}), projector({"COLORFGBG": "0;15"})


@pytest.mark.parametrize("look", [ORDINARY, DARK, LIGHT])
def test_every_look_has_every_style_and_none_is_dim(look: Look) -> None:
    assert all(look.theme.styles[name].dim is not True for name in STYLES)


def test_a_projector_shows_all_in_bold_and_little_of_it() -> None:
    for look in (DARK, LIGHT):
        assert (look.width, look.spare) == (PROJECTOR_WIDTH, True)
        assert all(look.theme.styles[name].bold for name in STYLES if name != "footer")
    assert (ORDINARY.width, ORDINARY.spare) == (None, False)


@pytest.mark.parametrize(
    ("told", "look"),
    [("15;0", DARK), ("0;15", LIGHT), ("0;7", LIGHT), ("0;default;15", LIGHT), ("12;8", DARK), ("", DARK), (";", DARK)],
)
def test_a_projector_is_as_light_as_its_terminal(told: str, look: Look) -> None:
    assert projector({"COLORFGBG": told}).theme.styles["verdict"] == look.theme.styles["verdict"]


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("status", STATUSES)
def test_every_verdict_is_a_word(language: str, status: str) -> None:
    words = Words(language)
    told = words(f"status_{status}")
    assert told.startswith("[") and told.endswith("]")
    assert len({words(f"status_{each}") for each in STATUSES}) == len(STATUSES)
    reason = {"skipped": "missing_cc", "unknown": "capture_dropped"}.get(status)
    judged = CheckJudged("up", "device", ("C01",), status, "UP", "DOWN", reason)
    assert told in _printed(judged, words) and (reason is None or words(reason) in _printed(judged, words))


def test_a_status_can_be_told_in_another_word() -> None:
    judged = CheckJudged("up", "device", ("C01",), "fail", "UP", "DOWN", None)
    told = _printed(judged, Words("en"), "[not yet]")
    words = Words("en")
    assert "[not yet]" in told and words("status_fail") not in told
    assert words("expected_saw", expected="UP", actual="DOWN") in told


def _printed(judged: CheckJudged, words: Words, status: str | None = None) -> str:
    console = Console(file=io.StringIO(), width=120, theme=ORDINARY.theme)
    with console.capture() as capture:
        console.print(judged_row(judged, DeviceCheck("device", ("C01",), Endpoint("h1", "tun0")), words, status))
    return capture.get()
