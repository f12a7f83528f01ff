"""`tunlab ping` as a user types it: its own host, wrong words, and the exit status of ping(8)."""

import json
import subprocess

import pytest
from strange import PATIENCE, TUNLAB, environment


def ping(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([TUNLAB, "ping", *words], capture_output=True, text=True, timeout=PATIENCE, env=environment())


@pytest.mark.needs("root")
def test_the_host_itself() -> None:
    done = ping("--host", "127.0.0.1", "-c", "2", "-i", "0.01")
    assert (done.returncode, done.stderr) == (0, "")
    assert "64 bytes from 127.0.0.1: icmp_seq=2 ttl=64 time=" in done.stdout
    assert "2 requests sent, 2 replies, 0% lost" in done.stdout


@pytest.mark.needs("root")
def test_json() -> None:
    done = ping("--host", "127.0.0.1", "-c", "1", "--json")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(each["schema"], each["event"]) for each in events] == [(1, "ping_answer"), (1, "ping_finished")]
    assert (events[0]["kind"], events[0]["bytes"], events[1]["answered"]) == ("reply", 64, 1)


@pytest.mark.needs("user")
def test_who_may_not_is_told_so() -> None:
    done = ping("--host", "127.0.0.1", "-c", "1")
    assert done.returncode == 3
    assert "CAP_NET_RAW" in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("h1",), "tunlab ping h1 10.0.0.2"),
        (("--host", "h1", "127.0.0.1"), "--host"),
        (("--host", "127.0.0.1", "--session", "x"), "--session"),
        (("--host", "127.0.0.1", "-s", "65508"), "65507"),
    ],
)
def test_wrong_words(words: tuple[str, ...], said: str) -> None:
    done = ping(*words)
    assert done.returncode == 2
    assert said in done.stderr
