"""What all tests share: a sandbox of their own, the reasons to skip, and the rule on skips in CI.

A test says what it needs of the machine: `@pytest.mark.needs("cc", "tun")`, or `pytestmark` for a file. Where one of
them is missing it is skipped, with the reason listed at the end. In CI every reason must be in allowed-skips.txt.
"""

import os
import pickle
import shutil
import traceback
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tunlab import paths
from tunlab.errors import KernelError
from tunlab.kernel import probe, sandbox
from tunlab.kernel.holder import FrontLine

NO_CC = "no cc"
NO_TMUX = "no tmux"
NO_TSHARK = "no tshark"
NO_TCPDUMP = "no tcpdump"
NO_NFT = "no nft"
NO_XFRM = "no xfrm"
NOT_ROOT = "not root"
NOT_A_USER = "not an ordinary user"
NO_SANDBOX = "no permission for namespaces"
NO_TUN = "no tun permission"

ALLOWED_SKIPS = Path(__file__).with_name("allowed-skips.txt")

# What somebody's terminal exports to their liking would change what programs print and when, and a shell's prompt.
for habit in ("COLORFGBG", "COLUMNS", "FORCE_COLOR", "LINES", "NO_COLOR", "PS1", "PYTHONUNBUFFERED", "TUNLAB_LANG"):
    os.environ.pop(habit, None)
os.environ["LC_ALL"] = "C.UTF-8"


# What a test may need


def _found(*programs: str) -> bool:
    return all(shutil.which(program, path=paths.search_path()) for program in programs)


def _granted(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except KernelError:
        return False
    return True


NEEDS: dict[str, tuple[str, Callable[[], bool]]] = {
    "cc": (NO_CC, lambda: _found("cc")),
    "tmux": (NO_TMUX, lambda: _found("tmux")),
    "tshark": (NO_TSHARK, lambda: _found("tshark", "capinfos")),
    "tcpdump": (NO_TCPDUMP, lambda: _found("tcpdump")),
    "nft": (NO_NFT, lambda: _found("nft")),
    "xfrm": (NO_XFRM, lambda: _granted(probe.try_ipsec)),
    "root": (NOT_ROOT, lambda: os.geteuid() == 0),
    "user": (NOT_A_USER, lambda: os.geteuid() != 0),
    "sandbox": (NO_SANDBOX, lambda: _granted(lambda: sandbox.run(lambda _: 0, lambda _: None))),
    "tun": (NO_TUN, lambda: _granted(probe.open_clone_device)),
}


@cache
def _has(need: str) -> bool:
    return NEEDS[need][1]()


def pytest_runtest_setup(item: pytest.Item) -> None:
    for mark in item.iter_markers("needs"):
        for need in mark.args:
            if need not in NEEDS:
                raise pytest.UsageError(f"{item.nodeid} needs {need!r}; known are {', '.join(NEEDS)}")
            if not _has(need):
                pytest.skip(NEEDS[need][0])


# A skip that nobody allowed fails a session in CI

_skipped: dict[str, list[str]] = {}


def pytest_collectreport(report: pytest.CollectReport) -> None:
    _note_skip(report)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    _note_skip(report)


def _note_skip(report: pytest.CollectReport | pytest.TestReport) -> None:
    if report.skipped and not hasattr(report, "wasxfail") and isinstance(report.longrepr, tuple):
        reason = str(report.longrepr[2]).removeprefix("Skipped: ")
        _skipped.setdefault(reason, []).append(report.nodeid)


def _unallowed() -> dict[str, list[str]]:
    if os.environ.get("CI") != "true":
        return {}
    lines = ALLOWED_SKIPS.read_text(encoding="utf-8").splitlines()
    allowed = {line.partition("#")[0].strip() for line in lines}
    return {reason: tests for reason, tests in _skipped.items() if reason not in allowed}


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    if exitstatus == pytest.ExitCode.OK and _unallowed():
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for reason, tests in _unallowed().items():
        terminalreporter.write_line(
            f"In CI a skip needs a permit: the reason {reason!r} ({', '.join(tests)}) is not in "
            f"tests/{ALLOWED_SKIPS.name}.",
            red=True,
        )


# A sandbox of a test's own


class SandboxFailure(Exception):
    """What went wrong inside the sandbox, as its traceback there."""


Sandboxed = Callable[[Callable[[FrontLine], Any]], Any]


@pytest.fixture
def sandboxed() -> Sandboxed:
    """Run a function as the holder of a new sandbox, and have its value, or its exception raised here.

    The function is called in a process forked from this one: it sees all that the test has made, and what it changes
    stays there. The value comes back pickled.
    """
    return _sandboxed


def _sandboxed(function: Callable[[FrontLine], Any]) -> Any:
    threads = len(list(Path("/proc/self/task").iterdir()))
    assert threads == 1, f"a process with {threads} threads must not fork a sandbox"
    answer = os.memfd_create("answer")
    try:
        status = sandbox.run(lambda front: _answer(function, front, answer), lambda _: None)
        os.lseek(answer, 0, os.SEEK_SET)
        with open(answer, "rb", closefd=False) as file:
            said = file.read()
    finally:
        os.close(answer)
    if not said:
        raise SandboxFailure(f"the sandbox ended with status {status} before the function returned")
    value, error, story = pickle.loads(said)
    if story:
        raise _rebuilt(error, story) from SandboxFailure(story)
    return value


def _answer(function: Callable[[FrontLine], Any], front: FrontLine, answer: int) -> int:
    """In the holder: write (value, what makes the exception anew, its traceback) as a whole."""
    try:
        said = pickle.dumps((function(front), None, ""))
    except BaseException as error:
        said = pickle.dumps((None, _remains(error), traceback.format_exc()))
    with open(answer, "wb", closefd=False) as file:
        file.write(said)
    return 0


# Nothing of this file is pickled: several of pytest's files are called conftest.


def _remains(error: BaseException) -> bytes | str | tuple[Any, ...] | None:
    """What is left of an exception: pickled, a skip's reason, (class, arguments, attributes), or None of these."""
    if isinstance(error, pytest.skip.Exception):
        return error.msg
    try:
        said = pickle.dumps(error)
        if type(pickle.loads(said)) is type(error):
            return said
    except Exception:
        pass  # its class is a local one, or its __init__ takes other arguments than it keeps
    parts = (type(error), error.args, vars(error))
    try:
        pickle.loads(pickle.dumps(parts))
    except Exception:
        return None
    return parts


def _rebuilt(remains: bytes | str | tuple[Any, ...] | None, story: str) -> BaseException:
    if remains is None:
        return SandboxFailure(story)
    if isinstance(remains, str):
        return pytest.skip.Exception(remains)
    if isinstance(remains, bytes):
        error: BaseException = pickle.loads(remains)
        return error
    kind, args, state = remains
    made: BaseException = kind.__new__(kind, *args)
    vars(made).update(state)
    return made
