"""A function in a process of its own, outside of any sandbox."""

import os
import pickle
import signal
import traceback
from collections.abc import Callable
from typing import Any

import pyroute2  # noqa: F401  once, here, and not again in every process that is forked
import pytest

PATIENCE = 60  # seconds for a function in its own process


@pytest.fixture
def forked() -> Callable[[Callable[[], Any]], Any]:
    """`forked(function)`: the pickled result of function(), called in a process that it may spoil."""
    return _forked


def _forked(function: Callable[[], Any]) -> Any:
    told, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(told)
        signal.alarm(PATIENCE)
        try:
            answer = (function(), "")
        except BaseException:
            answer = (None, traceback.format_exc())
        try:
            os.write(tell, pickle.dumps(answer))
        finally:
            os._exit(0)
    os.close(tell)
    with os.fdopen(told, "rb") as answers:
        said = answers.read()
    os.waitpid(pid, 0)
    assert said, "the process ended without an answer"
    result, problem = pickle.loads(said)
    if problem:
        pytest.fail(problem, pytrace=False)
    return result
