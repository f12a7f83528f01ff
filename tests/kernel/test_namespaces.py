"""Network namespaces with names."""

from pathlib import Path
from typing import Any

import pytest
from inside import Sandboxed, output

from tunlab.errors import KernelError
from tunlab.kernel.namespaces import NetworkNamespace

pytestmark = pytest.mark.needs("sandbox")


def here() -> int:
    return Path("/proc/thread-self/ns/net").stat().st_ino


def test_entered_for_the_length_of_the_block(sandboxed: Sandboxed) -> None:
    def inside(_: Any) -> tuple[bool, bool, bool]:
        home = here()
        with NetworkNamespace("h1") as h1:
            made_from_home = here() == home
            with h1.entered():
                entered = here() == h1.inode() != home
            return made_from_home, entered, here() == home

    assert sandboxed(inside) == (True, True, True)


def test_comes_home_after_an_exception(sandboxed: Sandboxed) -> None:
    def inside(_: Any) -> bool:
        home = here()
        with NetworkNamespace("h1") as h1:
            try:
                with h1.entered():
                    raise LookupError
            except LookupError:
                return here() == home

    assert sandboxed(inside)


def test_name_is_free_again_afterwards(sandboxed: Sandboxed) -> None:
    def inside(_: Any) -> tuple[str, list[str]]:
        with NetworkNamespace("h1"):
            named = output("ip", "netns", "list")
        with NetworkNamespace("h1"):
            pass
        return named.strip(), [path.name for path in Path("/run/netns").iterdir()]

    assert sandboxed(inside) == ("h1", [])


def test_name_that_is_taken(sandboxed: Sandboxed) -> None:
    def inside(_: Any) -> None:
        home = here()
        with NetworkNamespace("h1"):
            try:
                with NetworkNamespace("h1"):
                    pass
            finally:
                assert here() == home

    with pytest.raises(KernelError) as refused:
        sandboxed(inside)
    assert (refused.value.errno_name, refused.value.attempt) == ("EEXIST", "ip netns add h1")


def test_no_descriptor_is_left(sandboxed: Sandboxed) -> None:
    def inside(_: Any) -> bool:
        before = len(list(Path("/proc/self/fd").iterdir()))
        with NetworkNamespace("h1") as h1, h1.entered():
            pass
        return len(list(Path("/proc/self/fd").iterdir())) == before

    assert sandboxed(inside)
