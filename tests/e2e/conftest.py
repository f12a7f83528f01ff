"""The built wheel in an environment of its own, outside the checkout."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]


@pytest.fixture(scope="session", autouse=True)
def sessions_of_our_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A runtime folder for these tests alone: whoever else runs a lab on this host is not our business."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))
        yield


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel: the one in the folder TUNLAB_WHEELS, else freshly built."""
    folder = Path(os.environ.get("TUNLAB_WHEELS") or tmp_path_factory.mktemp("dist"))
    if not list(folder.glob("tunlab-*.whl")):
        build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, TOP]
        subprocess.run(build, check=True, capture_output=True)
    [path] = folder.glob("tunlab-*.whl")
    return path


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of a fresh virtual environment that holds the wheel and what it depends on, no more."""
    place = tmp_path_factory.mktemp("installed") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", place], check=True)
    # Beside the wheel there may be those of its dependencies: then no network is needed.
    offline = ["--no-index", "--find-links", wheel.parent] if "TUNLAB_WHEELS" in os.environ else []
    # Our own pip does it, and what is never imported is never compiled: half of the time.
    pip = [sys.executable, "-m", "pip", "--python", place / "bin/python", "--disable-pip-version-check", "--quiet"]
    subprocess.run([*pip, "install", "--no-compile", *offline, wheel], check=True)
    return place / "bin"
