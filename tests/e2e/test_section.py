"""The whole section as one run: to go from part to part, and to find one's progress in each."""

from pathlib import Path

import pytest
from playing import LARGE, Player, Run
from terminal import ENTER

pytestmark = [pytest.mark.needs("sandbox", "tun"), pytest.mark.alike]


@pytest.fixture
def play(installed: Path, tmp_path: Path) -> Player:
    return Player(installed, tmp_path)


def go_to(run: Run, where: str, *wanted: str) -> None:
    run.press("l", "list_which_part", prompt=False)
    run.press(where.encode() + ENTER, *wanted)


def test_from_part_to_part(play: Player) -> None:
    with play("en", LARGE, lab="lab-1.4") as run:
        go_to(run, "lab-1.4.3", "The tun0 experiment")
        run.enter("Start the program behind tun0", "predict_type")
        run.press("s", "footer_act")
        run.enter("footer_explain")
        run.enter("why")
        go_to(run, "lab-1.4.1:vm", "How tun and tap work")
        run.enter("A virtual machine's NIC", "predict_choose")
        go_to(run, "lab-1.4.3", "The tun0 experiment")
        run.enter("Look into /dev", "predict_choose")  # the first step that was not played
        run.quit()
        assert list(run.progress("lab-1.4.3")) == ["start"]
    with play("en", LARGE, lab="lab-1.4") as run:
        run.enter("The classic path", "predict_choose")
        run.press("l", "1 of 21 steps done", prompt=False)
        run.press(ENTER)
        run.quit()
