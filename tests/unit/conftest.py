"""Nothing here asks the kernel: all of it is alike for every user."""

from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("no times", deadline=None)  # no test asserts a time
settings.load_profile("no times")

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.alike)
