"""What was measured, as bars: the longest fills the line, none is wider, and the words are of the reader's language."""

import pytest
from rich.console import Console

from tunlab.i18n import LANGUAGES, Words
from tunlab.model.events import Measured
from tunlab.ui.bars import bars
from tunlab.ui.cells import cells


def way(name: str, bits: float, us: float) -> Measured:
    return Measured("price", "A", name, "192.0.2.2", us, us, us, bits, "iperf3")


WAYS = [way("direct", 32e9, 12.5), way("vxlan", 16e9, 17.0), way("app2", 4e6, 25.0)]


def drawn(measured: list[Measured], language: str = "en", width: int = 76) -> list[str]:
    console = Console(width=width)
    with console.capture() as capture:
        console.print(bars(measured, Words(language), width))
    return [line.rstrip() for line in capture.get().splitlines()]


def test_longest_first_and_others_in_proportion() -> None:
    direct, vxlan, app2 = (line for line in drawn(WAYS) if "Gbit/s" in line)
    assert direct.count("#") == pytest.approx(2 * vxlan.count("#"), abs=1)
    assert "32.00 Gbit/s" in direct
    assert "app2" in app2 and "#" not in app2 and "|" in app2  # not nothing, and less than one


def test_of_a_way_that_was_measured_twice_the_last_counts() -> None:
    assert sum("direct" in line for line in drawn([way("direct", 1e9, 1.0), *WAYS])) == 2


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", [50, 76, 116])
def test_it_fits(language: str, width: int) -> None:
    lines = drawn(WAYS, language, width)
    assert max(map(cells, lines)) <= width
    assert Words(language)("bars_throughput") in lines
    assert not any("\x1b" in line for line in lines)
