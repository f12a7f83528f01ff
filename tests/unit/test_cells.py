"""How wide a text is on a terminal, at the most."""

import pytest

from tunlab.ui.cells import cells


@pytest.mark.parametrize(
    ("text", "width"),
    [("", 0), ("tun0", 4), ("中文", 4), ("é", 1 + 1), ("…", 2), ("“a”", 5), ("，", 2), ("e\u0301", 2), ("😀", 2)],
)
def test_width(text: str, width: int) -> None:
    assert cells(text) == width
