"""`tunlab tunnel`, both ends real: a packet's way through it, and how it begins and ends."""

import os
import re
import signal
import socket
import subprocess
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import Any

import pytest
from inside import Node, Sandboxed
from underlay import INNER, OUTER, PATIENCE, Endpoint, Underlay, entered_socket, place, underlay, wait_until

from tunlab import paths
from tunlab.engine.loop import Loop
from tunlab.engine.reports import Reports
from tunlab.engine.scene import program_name
from tunlab.engine.trace.tracer import Tracer, Wanted
from tunlab.kernel.procfs import living
from tunlab.model.program import Program, command_name

pytestmark = pytest.mark.needs("sandbox", "tun")


def run(sandboxed: Sandboxed, case: Callable[[Underlay], Any], mtu: int = 1500) -> Any:
    def main(_: Any) -> Any:
        with underlay(mtu) as made:
            return case(made)

    return sandboxed(main)


def test_trace_shows_both_endpoints(sandboxed: Sandboxed) -> None:
    def case(net: Underlay) -> Any:
        pids = [net.endpoint(side, **net.reported(node)).pid for side, node in enumerate((net.a, net.b))]
        fds = {"A": net.a.namespace.fileno(), "B": net.b.namespace.fileno()}
        with Loop() as loop, Tracer(fds, loop) as tracer:
            *hops, end = tracer.trace(Wanted("A", "192.168.1.3"))
        return pids, hops, end

    (one, other), hops, end = run(sandboxed, case)
    assert end.state == "answered"
    assert [f"{hop.node}:{hop.where}" for hop in hops] == [
        "A:tun0 out", f"A:tunnel pid {one}", "A:eth0 out", "B:eth0 in", f"B:tunnel pid {other}", "B:tun0 in",
        "B:tun0 out", f"B:tunnel pid {other}", "B:eth0 out", "A:eth0 in", f"A:tunnel pid {one}", "A:tun0 in",
    ]  # fmt: skip
    programs = [hop for hop in hops if hop.program]
    assert [(hop.bytes, hop.bytes_out, hop.direction, hop.inferred) for hop in programs] == [
        (84, 84, "through", False)
    ] * 4
    assert [hop.bytes for hop in hops if hop.device == "eth0"] == [84 + 8 + 20 + 14] * 4
    wrapped, unwrapped = (
        {change.what: change.after or change.before for change in hops[place].changes} for place in (2, 5)
    )
    assert wrapped["wrapped"] == unwrapped["unwrapped"] == "UDP 8, IPv4 20, Ethernet 14"
    assert "100.89.104.21" in hops[2].summary
    assert "100.89.104.22" in hops[2].summary


def udp(node: Node, to: str, discover: bool | None = None) -> socket.socket:
    """A UDP socket in that node, connected; `discover`: sends nothing in fragments, or all with fragments allowed."""
    six = ":" in to
    family = socket.AF_INET6 if six else socket.AF_INET
    made = entered_socket(node, family, socket.SOCK_DGRAM)
    if discover is not None:
        level, option = (socket.IPPROTO_IPV6, 23) if six else (socket.IPPROTO_IP, 10)
        made.setsockopt(level, option, 2 if discover else 0)
    made.settimeout(PATIENCE)
    made.connect((to, 7777))
    return made


def path_mtu(sock: socket.socket) -> int:
    six = sock.family == socket.AF_INET6
    return sock.getsockopt(*((socket.IPPROTO_IPV6, 24) if six else (socket.IPPROTO_IP, 14)))


@pytest.mark.parametrize(("outer", "room"), [(4, 1472), (6, 1452)])
@pytest.mark.parametrize("inner", [4, 6])
def test_too_big_a_packet_is_told(sandboxed: Sandboxed, outer: int, inner: int, room: int) -> None:
    """The stack believes the ICMP error: its quote and its checksums are right."""

    def case(net: Underlay) -> Any:
        one, _ = net.both(outer, inner, "--mtu", "1500")
        with udp(net.a, INNER[inner][1], discover=True) as sock:
            before = path_mtu(sock)
            sock.send(bytes(1500 - 28 if inner == 4 else 1500 - 48))
            assert wait_until(lambda: path_mtu(sock) != before), "nobody was told"
            return before, path_mtu(sock), one.end()

    before, after, (status, counters, said) = run(sandboxed, case)
    assert (before, after, status) == (1500, room, 0)
    assert (counters["too_big"], counters["too_big_told"], counters["sent_in_fragments"]) == (1, 1, 0)
    assert said.count("too big") == 1
    assert str(room) in said


@pytest.mark.parametrize("outer", [4, 6])
def test_what_may_be_fragmented_arrives(sandboxed: Sandboxed, outer: int) -> None:
    """An IPv4 packet that does not forbid it, and an IPv6 packet that its sender cannot make smaller."""

    def case(net: Underlay) -> Any:
        one, _ = net.both(outer, 4, "--mtu", "1500")
        arrived = []
        with udp(net.a, INNER[4][1], discover=False) as sock, net.b.namespace.entered():
            with hearing() as heard:
                sock.send(bytes(range(256)) * 5 + bytes(192))
                arrived.append(heard.recv(2000) == bytes(range(256)) * 5 + bytes(192))
        return arrived, one.end()

    arrived, (status, counters, _) = run(sandboxed, case)
    assert (arrived, status) == ([True], 0)
    assert (counters["sent_in_fragments"], counters["too_big"], counters["too_big_told"]) == (1, 1, 0)


def hearing() -> socket.socket:
    heard = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    heard.bind((INNER[4][1], 7777))
    heard.settimeout(PATIENCE)
    return heard


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_when_it_is_told_to(sandboxed: Sandboxed, signum: int) -> None:
    def case(net: Underlay) -> Any:
        one = net.endpoint(0)
        told = one.end(signum)
        return told, [each["state"] for each in one.told], net.a.ip("link", "show", "type", "tun")

    (status, counters, said), states, left = run(sandboxed, case)
    assert (status, said, states, left) == (0, "", ["open", "ended"], [])
    assert counters["received"] == 0


@pytest.mark.parametrize("which", ["pid_sending", "pid_receiving"])
def test_neither_process_outlives_the_other(sandboxed: Sandboxed, which: str) -> None:
    def case(net: Underlay) -> Any:
        one = net.endpoint(0)
        pids = [one.told[0][name] for name in ("pid_sending", "pid_receiving")]
        os.kill(one.told[0][which], signal.SIGKILL)
        ended = one.ended()
        gone = wait_until(lambda: not any(pid in living() for pid in pids))
        return ended, gone

    (status, _, said), gone = run(sandboxed, case)
    assert gone
    if which == "pid_receiving":
        assert (status, "-9" in said) == (3, True)
    else:
        assert status == -signal.SIGKILL


@pytest.mark.parametrize(
    ("words", "said"), [(("del",), "was deleted"), (("set", "down"), "went down")]
)  # fmt: skip
def test_without_its_device_it_ends(sandboxed: Sandboxed, words: tuple[str, ...], said: str) -> None:
    def case(net: Underlay) -> Any:
        one = net.endpoint(0)
        pid = one.told[0]["pid_receiving"]
        net.a.output("ip", "link", words[0], "dev", "tun0", *words[1:])
        return one.ended(), pid in living()

    (status, _, errors), lives = run(sandboxed, case)
    assert (status, said in errors, len(errors.splitlines()), lives) == (3, True, 1, False)


def test_a_device_that_is_there_is_joined_and_left_as_it_is(sandboxed: Sandboxed) -> None:
    def case(net: Underlay) -> Any:
        for words in (("tuntap", "add", "tun0", "mode", "tun"), ("link", "set", "tun0", "mtu", "1234")):
            net.a.output("ip", *words)
        before = net.a.ip("addr", "show", "dev", "tun0")
        ends = ("--local", place(OUTER[4][0]), "--peer", place(OUTER[4][1]))
        one = net.start(net.a, *ends)
        one.next()
        (during,) = net.a.ip("addr", "show", "dev", "tun0")
        one.end()
        (after,) = net.a.ip("addr", "show", "dev", "tun0")
        again = net.endpoint(0)
        (configured,) = net.a.ip("addr", "show", "dev", "tun0")
        twice = again.end()[0], net.endpoint(0).end()[0]  # the address is there already
        return before[0], during, after, configured, twice

    before, during, after, configured, twice = run(sandboxed, case)
    assert [(each["mtu"], each["addr_info"], "UP" in each["flags"]) for each in (before, during, after)] == [
        (1234, [], False)
    ] * 3
    assert (configured["mtu"], "UP" in configured["flags"], twice) == (1472, True, (0, 0))
    assert [each["local"] for each in configured["addr_info"] if each["family"] == "inet"] == ["192.168.1.2"]


def test_the_peer_may_come_later_and_go(sandboxed: Sandboxed) -> None:
    """A closed port, a peer that is there, one that was killed, one that came again; and no route for a while."""

    def case(net: Underlay) -> Any:
        one = net.endpoint(0, 4, 4, "--stats", "0.1")
        with udp(net.a, INNER[4][1]) as sock:
            answers = [alive(sock)]
            assert until(one, "peer_closed", sock)
            other = net.endpoint(1)
            with net.b.namespace.entered():
                echo = hearing()
            answers.append(alive(sock, echo))
            other.process.kill()
            other.process.communicate()
            answers.append(alive(sock))
            again = net.endpoint(1)
            answers.append(alive(sock, echo))
            net.a.netlink.set_link("eth0", state="down")
            answers.append(alive(sock))
            assert until(one, "unreachable", sock)
            net.a.netlink.set_link("eth0", state="up")
            answers.append(alive(sock, echo))
            echo.close()
        return answers, one.end(), again.end()[0]

    answers, (status, counters, _), other = run(sandboxed, case)
    assert (answers, status, other) == ([False, True, False, True, False, True], 0, 0)
    assert counters["peer_closed"] > 0
    assert counters["unreachable"] > 0


def until(end: Endpoint, counter: str, sock: socket.socket) -> bool:
    """Send until that is counted, for some seconds."""
    for _ in range(100):
        alive(sock)
        if end.next()["counters"][counter]:
            return True
    return False


def alive(sock: socket.socket, echo: socket.socket | None = None) -> bool:
    """Whether one of several datagrams comes through; without `echo`, two are sent that nobody can answer."""
    for each in range(200 if echo else 2):
        with suppress(OSError):  # an ICMP error about an earlier one
            sock.send(b"%d" % each)
        if echo is None:
            continue
        echo.settimeout(0.1)
        with suppress(TimeoutError):
            echo.recv(100)
            return True
    return False


A, B = "100.89.104.21:1", "100.89.104.22:1"
CANNOT_BE: list[tuple[str, int, tuple[str, ...]]] = [
    ("tunnel_bad_place", 2, ("--local", "100.89.104.21", "--peer", B)),
    ("tunnel_two_families", 2, ("--local", A, "--peer", "[fd00::1]:1")),
    ("tunnel_bad_address", 2, ("--local", A, "--peer", B, "--address", "1.2.3.4")),
    ("remedy_no_address", 3, ("--local", "100.89.104.99:1", "--peer", B)),
    ("remedy_no_route", 3, ("--local", A, "--peer", "8.8.8.8:1")),
    ("remedy_port_taken", 3, ("--local", "100.89.104.21:9", "--peer", B)),
    ("remedy_mtu", 3, ("--local", "100.89.104.21:2", "--peer", B, "--address", "fd00::1/64", "--mtu", "1000")),
]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_cannot_be(sandboxed: Sandboxed, language: str) -> None:
    def case(net: Underlay) -> Any:
        with entered_socket(net.a, socket.AF_INET, socket.SOCK_DGRAM) as taken:
            taken.bind(("100.89.104.21", 9))
            started = [net.start(net.a, *words, "--lang", language) for _, _, words in CANNOT_BE]
            return [each.ended() for each in started]

    for (key, expected, _), (status, _, said) in zip(CANNOT_BE, run(sandboxed, case), strict=True):
        sentence = import_module(f"tunlab.messages.{language}").SENTENCES[key]
        assert status == expected, said
        assert re.search(re.sub(r"\\{\w+\\}", ".*", re.escape(sentence)), said), said
        assert "Traceback" not in said


def test_two_endpoints_do_not_share_a_device_or_a_port(sandboxed: Sandboxed) -> None:
    def case(net: Underlay) -> Any:
        net.endpoint(0)
        ends = ("--local", place(OUTER[4][0], 1), "--peer", place(OUTER[4][1]))
        same_device = net.start(net.a, *ends).ended()
        ends = ("--local", place(OUTER[4][0]), "--peer", place(OUTER[4][1]))
        same_port = net.start(net.a, *ends, "--device", "tun1").ended()
        return same_device, same_port

    (one, _, device), (other, _, port) = run(sandboxed, case)
    assert (one, "EBUSY" in device, other, "EADDRINUSE" in port) == (3, True, 3, True)


def test_counters_as_lines(sandboxed: Sandboxed) -> None:
    def case(net: Underlay) -> Any:
        ends = ("--local", place(OUTER[4][0]), "--peer", place(OUTER[4][1]), "--stats", "0.1")
        with net.a.namespace.entered():
            started = subprocess.Popen(
                ["tunlab", "tunnel", "--device", "tun0", *ends],
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                env=os.environ | {"PATH": paths.search_path()},
            )  # fmt: skip
        assert started.stdout is not None
        lines = [started.stdout.readline().rstrip() for _ in range(5)]
        started.terminate()
        return lines, started.communicate(timeout=PATIENCE)[1], started.returncode

    lines, last, status = run(sandboxed, case)
    assert lines[0].startswith("Receive buffer: ")
    assert lines[1].startswith("Fast path: the kernel helps with CSUM TSO4 TSO6")
    assert lines[2] == "Open tun/tap device: tun0 for a tunnel to 100.89.104.22:8285..."
    nothing = "0 read (0 bytes), 0 sent; 0 received (0 bytes), 0 written"
    assert (lines[3:], last.splitlines(), status) == ([nothing] * 2, [nothing], 0)


def test_plain_warns_outside_of_a_sandbox(sandboxed: Sandboxed) -> None:
    def case(net: Underlay) -> Any:
        paths.SANDBOX_RUN.rename("/run/elsewhere")
        return net.endpoint(0).end()

    status, _, said = run(sandboxed, case)
    assert (status, said.count("encrypts nothing")) == (0, 1)


def test_a_flood_is_reported_in_part(sandboxed: Sandboxed) -> None:
    """A thousand packets at once: 500 of them, each with what became of it; and a later trace is heard again."""

    def case(net: Underlay) -> Any:
        heard: list[dict[str, Any]] = []
        with Loop() as loop, Reports(loop, lambda _, told: heard.append(told), "stage"):
            one = net.endpoint(0, **net.reported(net.a))
            with udp(net.a, INNER[4][1]) as sock:
                for _ in range(10):
                    for _ in range(100):
                        with suppress(OSError):
                            sock.send(b"x")
                    loop.wait(lambda: False, 0.01)
            counters = one.end()[1]
            loop.wait(lambda: False, 0.1)
        numbers = [told["number"] for told in heard if told["did"] == "read"]
        causes = [told["cause"] for told in heard if told["did"] == "sent"]
        return counters, numbers, causes

    counters, numbers, causes = run(sandboxed, case)
    assert counters["read"] >= 900
    assert 500 <= len(numbers) < 800
    assert set(causes) <= set(numbers)
    assert len(causes) >= len(numbers) - counters["peer_closed"] - counters["unreachable"]


def test_who_stops_reading_ends_it(sandboxed: Sandboxed) -> None:
    def case(net: Underlay) -> Any:
        one = net.endpoint(0, 4, 4, "--stats", "0.1")
        assert one.process.stdout is not None
        one.process.stdout.close()
        return one.process.wait(PATIENCE), one.errors(), one.told[0]["pid_receiving"] in living()

    assert run(sandboxed, case) == (141, "", False)


def test_pkill_finds_it_by_its_command(sandboxed: Sandboxed) -> None:
    """As a lab shows the verb `stop`; by its process name it could not be told from the process that holds the lab."""
    program = Program("app2", "A", words=("tunlab", "tunnel", "--device", "tun0"))

    def case(net: Underlay) -> Any:
        one, other = net.both()
        net.a.output("pkill", "-INT", *program.process_pattern())
        return one.ended()[0], other.ended()[0]

    assert run(sandboxed, case) == (0, 0)
    assert command_name(program.words) == program_name("/usr/bin/python3 /bin/tunlab tunnel --device tun0") == "tunnel"
