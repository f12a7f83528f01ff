"""The program that says what an address is for."""

import subprocess
import sys

import pytest

KINDS = {
    "192.128.1.2": "globally routable",
    "192.168.1.2": "private-use (RFC 1918)",
    "172.32.0.1": "globally routable",
    "100.89.104.22": "shared address space (RFC 6598)",
    "192.0.2.1": "documentation (RFC 5737)",
    "255.255.255.255": "limited broadcast (RFC 919)",
    "192.0.0.1": "special-purpose, not globally routable",
    "fe80::1": "link-local (RFC 4291)",
    "2001:db8::1": "documentation (RFC 3849)",
    "2001:4860:4860::8888": "globally routable",
}


def registry(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tunlab.programs.registry", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=30)


def test_kinds() -> None:
    done = registry(*KINDS)
    assert done.stdout.splitlines() == [f"{address}: {kind}" for address, kind in KINDS.items()]
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("word", ["h1", "192.128.1", "192.128.1.2/24"])
def test_what_is_no_address(word: str) -> None:
    assert registry(word).returncode == 2
