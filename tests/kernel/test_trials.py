"""The trials of `tunlab doctor` in a real sandbox: each is told on its own, even if the sandbox is killed amid them."""

import ctypes
import os
import signal

import pytest
from inside import forked, output

from tunlab.engine import doctor
from tunlab.kernel import device_kinds, trials
from tunlab.kernel.namespaces import NetworkNamespace
from tunlab.model.diagnosis import State

pytestmark = pytest.mark.needs("sandbox")


def crash() -> None:
    """A fault ends even PID 1 of a namespace."""
    signal.signal(signal.SIGSEGV, signal.SIG_DFL)  # pytest's would tell of it
    ctypes.string_at(0)


def refuse() -> None:
    raise OSError(17, "there is one already")


def stumble() -> None:
    raise ValueError("no sense")


@pytest.mark.needs("tun")
def test_the_base_is_allowed_here() -> None:
    def refused() -> tuple[list[str], int]:
        told, status = trials.try_all({**trials.BASE})
        return [name for name, refusal in told.items() if refusal and name not in ("ipv6", "xfrm")], status

    assert forked(refused) == ([], 0)


def test_a_refusal_does_not_end_the_rest() -> None:
    def names() -> dict[str, str]:
        told, _ = trials.try_all({"first": refuse, "second": stumble, "third": lambda: None})
        return {name: refused.errno_name if refused else "" for name, refused in told.items()}

    assert forked(names) == {"first": "EEXIST", "second": "ValueError: no sense", "third": ""}


def test_what_was_told_before_the_end_is_kept() -> None:
    wanted = {"first": refuse, "second": crash, "third": lambda: None}
    told, status = forked(lambda: _names(trials.try_all(wanted)))
    assert (told, status) == (["first"], 128 + signal.SIGSEGV)


def _names(result: tuple[trials.Refusals, int]) -> tuple[list[str], int]:
    return list(result[0]), result[1]


def test_the_doctor_survives_its_child(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trials, "BASE", {**trials.BASE, "veth": crash})

    def report() -> dict[str, tuple[State, dict[str, object]]]:
        found = doctor.examine((), "tunlab run lab-1.4")
        return {finding.name: (finding.status, dict(finding.detail[0].values)) for finding in found}

    found = forked(report)
    assert found["packet-socket"][0] is State.OK
    assert found["veth"] == (State.NO, {"by": "SIGSEGV"})
    assert found["user"][0] is State.OK  # what comes after it is there


@pytest.mark.parametrize("kind", device_kinds.KINDS)
def test_a_kind_of_device_is_as_ip_finds_it(kind: str) -> None:
    """ip(8) may make one wherever we may, and says so where there is none."""
    if device_kinds.module_to_load(kind):
        return  # its module would show on the host

    def both() -> tuple[bool, bool]:
        told, _ = trials.try_all({"ours": lambda: device_kinds.make(kind), "ip's": lambda: _by_ip(kind)})
        return told["ours"] is None, told["ip's"] is None

    ours, theirs = forked(both)
    assert ours == theirs


_WORDS = {
    "vlan": "link eth0 name new0 type vlan id 1",
    "macvlan": "link eth0 name new0 type macvlan mode bridge",
    "ipvlan": "link eth0 name new0 type ipvlan",
    "dummy": "new0 type dummy",
    "ipip": "new0 type ipip local 192.0.2.1 remote 192.0.2.2",
    "gre": "new0 type gre local 192.0.2.1 remote 192.0.2.2",
    "vxlan": "new0 type vxlan id 1 dstport 4789",
    "wireguard": "new0 type wireguard",
}


def _by_ip(kind: str) -> None:
    with NetworkNamespace("ip") as node, node.entered():
        output("ip", "link", "add", "eth0", "type", "veth", "peer", "name", "eth1")
        status = os.system(f"PATH=$PATH:/usr/sbin:/sbin ip link add {_WORDS[kind]} 2>/dev/null")
    if status:
        raise OSError(95, "ip refuses")
