"""Expressions of libpcap's language as programs for the kernel, and what is said where one is wrong."""

import subprocess
import sys

import pytest

from tunlab.errors import Status, TunlabError
from tunlab.kernel.socket_filter import ACCEPT, length
from tunlab.model.packet import LinkType
from tunlab.packet.filter import compile_filter, compile_for_all


@pytest.mark.parametrize("link", [LinkType.ETHERNET, LinkType.RAW])
def test_a_program(link: LinkType) -> None:
    program = compile_filter("icmp and greater 100", link)
    assert length(program) > 3
    assert program.endswith((ACCEPT, bytes(8 - len(ACCEPT) % 8))) or ACCEPT in program  # nothing is cut off


def test_ethernet_and_raw_differ() -> None:
    assert compile_filter("icmp", LinkType.ETHERNET) != compile_filter("icmp", LinkType.RAW)


@pytest.mark.parametrize("expression", ["", " \t"])
def test_nothing_asked_is_no_program(expression: str) -> None:
    assert compile_filter(expression, LinkType.RAW) == b""
    assert compile_for_all(expression) == b""


@pytest.mark.parametrize(
    ("expression", "key", "said"),
    [
        ("icmp and (", "filter_bad", "syntax error"),
        ("icmp) or (tcp", "filter_bad", "syntax error"),
        ("net 10.0.0.0/33", "filter_bad", "mask length"),
        ("host nosuchname.invalid", "filter_bad", "unknown host 'nosuchname.invalid'"),
        ("a\0b", "filter_characters", ""),
        ("host ü", "filter_characters", ""),
        ("icmp\nor arp", "filter_characters", ""),
        ("tcp and vlan 3", "filter_vlan", ""),
        ("icmp or " * 1000 + "icmp", "filter_long", ""),
    ],
)
def test_mistakes(expression: str, key: str, said: str) -> None:
    for compiled in (compile_for_all, lambda text: compile_filter(text, LinkType.RAW)):
        with pytest.raises(TunlabError) as refused:
            compiled(expression)
        assert (refused.value.key, refused.value.status) == (key, Status.USAGE)
        assert said in str(refused.value.values.get("said", ""))


def test_what_only_one_kind_of_device_knows_leaves_the_other_out() -> None:
    assert compile_for_all("ether broadcast")
    with pytest.raises(TunlabError):
        compile_filter("ether broadcast", LinkType.RAW)


def test_without_libpcap() -> None:
    """In a process of its own: who has loaded it keeps it."""
    told = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True, check=True).stdout
    assert told == "filter_no_libpcap\n"


WITHOUT = """
import ctypes.util
ctypes.util.find_library = lambda name: None
from tunlab.errors import TunlabError
from tunlab.packet.filter import compile_for_all
try:
    compile_for_all("icmp")
except TunlabError as error:
    print(error.key)
"""
