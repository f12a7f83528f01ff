"""What the tests of the kernel share: a function run in a process of its own, inside a sandbox or beside it."""

import os
import pickle
import signal
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pyroute2  # noqa: F401  imported once, here, so that not every sandbox pays for it
import pytest

from tunlab.kernel import sandbox
from tunlab.kernel.namespaces import NetworkNamespace
from tunlab.kernel.netlink import Netlink


@pytest.fixture
def sandboxed() -> Callable[[Callable[[Any], Any]], Any]:
    """`sandboxed(function)`: the result of function(front), called as the holder of a sandbox."""
    return lambda function: _forked(lambda tell: sandbox.run(lambda front: _answer(tell, function, front), _nobody))


@pytest.fixture
def forked() -> Callable[[Callable[[], Any]], Any]:
    """`forked(function)`: the result of function(), called in a process of its own that it may spoil."""
    return lambda function: _forked(lambda tell: _answer(tell, function))


@contextmanager
def nodes(*names: str) -> Iterator[list[tuple[NetworkNamespace, Netlink]]]:
    """In a sandbox: namespaces with these names, each with its netlink."""
    with ExitStack() as stack:
        made = []
        for name in names:
            namespace = stack.enter_context(NetworkNamespace(name))
            made.append((namespace, stack.enter_context(Netlink(namespace))))
        yield made


PATIENCE = 60  # seconds for a function in its own process


def _forked(run: Callable[[int], int]) -> Any:
    told, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(told)
        signal.alarm(PATIENCE)  # it ends the front, and with it the sandbox
        try:
            run(tell)
        except BaseException:
            os.write(tell, pickle.dumps((False, traceback.format_exc())))
        finally:
            os._exit(0)
    os.close(tell)
    with os.fdopen(told, "rb") as answers:
        answer = answers.read()
    os.waitpid(pid, 0)
    assert answer, "it ended without an answer"
    fine, result = pickle.loads(answer)
    if not fine:
        pytest.fail(result, pytrace=False)
    return result


def _answer(tell: int, function: Callable[..., Any], *arguments: Any) -> int:
    try:
        answer = (True, function(*arguments))
    except BaseException:
        answer = (False, traceback.format_exc())
    os.write(tell, pickle.dumps(answer))
    return 0


def _nobody(_holder: int) -> None:
    pass
