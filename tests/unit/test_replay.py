"""Coming back to a step does again what is still there, and nothing that is gone."""

from tunlab.engine.replay import lasting
from tunlab.model.program import Program
from tunlab.model.topology import Endpoint
from tunlab.model.verbs import (
    AddAddress,
    AddDevice,
    AddRoute,
    DeleteDevice,
    Execute,
    Ping,
    SetLink,
    SetSysctl,
    StartProgram,
    StopProgram,
)

TUN0, ETH0 = Endpoint("h1", "tun0"), Endpoint("h1", "eth0")
READER = Program("reader", "h1", module="reader", device=TUN0)
ECHO = Program("echo", "h1", module="echo", device=TUN0)
TCPDUMP = Program("tcpdump", "h1", words=("tcpdump",), ready="listening")
ADDRESS, UP = AddAddress(TUN0, "192.0.2.1/24"), SetLink(TUN0, "up")
ETH0_UP = SetLink(ETH0, "up")


def test_acts_of_the_moment_leave_nothing() -> None:
    done = [StartProgram(READER), ADDRESS, UP, Ping("h1", "192.0.2.2"), Execute("h1", ("ip", "route"))]
    assert lasting(done) == [StartProgram(READER), ADDRESS, UP]


def test_a_command_that_later_steps_stand_on_is_run_again() -> None:
    command = Execute("h1", ("ip", "-batch", "h1.ipsec"), lasting=True)
    assert lasting([command, ADDRESS, command]) == [command, ADDRESS, command]


def test_a_device_goes_with_its_program_and_takes_its_address_along() -> None:
    route = AddRoute("h1", "198.51.100.0/24", device="tun0")
    setting = SetSysctl("h1", "net.ipv6.conf.tun0.disable_ipv6", "1")
    done = [
        StartProgram(READER),
        setting,
        ADDRESS,
        UP,
        route,
        ETH0_UP,
        StopProgram(READER),
        StartProgram(ECHO),
        ADDRESS,
    ]
    assert lasting(done) == [ETH0_UP, StartProgram(ECHO), ADDRESS]


def test_a_device_stays_while_another_program_holds_it() -> None:
    done = [StartProgram(READER), StartProgram(ECHO), ADDRESS, StopProgram(READER)]
    assert lasting(done) == done
    assert lasting([*done, StopProgram(ECHO)]) == []


def test_a_persistent_device_stays_without_a_program() -> None:
    made = AddDevice(TUN0, "tun")
    done = [made, ADDRESS, StartProgram(READER), StopProgram(READER)]
    assert lasting(done) == done
    assert lasting([*done, DeleteDevice(TUN0), StartProgram(ECHO)]) == [StartProgram(ECHO)]


def test_what_a_topology_came_with_never_goes() -> None:
    down = SetLink(ETH0, "down")
    assert lasting([ETH0_UP, down]) == [ETH0_UP, down]


def test_settings_of_all_devices_stay() -> None:
    every = SetSysctl("h1", "net.ipv6.conf.all.disable_ipv6", "1")
    assert lasting([StartProgram(READER), every, StopProgram(READER)]) == [every]


def test_a_program_without_a_device_that_was_stopped_is_not_started() -> None:
    assert lasting([StartProgram(TCPDUMP), StopProgram(TCPDUMP)]) == []
    assert lasting([StartProgram(TCPDUMP)]) == [StartProgram(TCPDUMP)]


def test_both_ends_of_a_veth_go_together() -> None:
    one, other = Endpoint("h1", "veth0"), Endpoint("h2", "veth0")
    done = [AddDevice(one, "veth", other), SetLink(other, "up"), DeleteDevice(one)]
    assert lasting(done) == []
