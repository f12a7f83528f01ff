"""Makes what one node of a topology has: its settings, its devices, and what those are given."""

import errno
import pwd
import socket
from collections.abc import Callable

from tunlab.errors import KernelError, Status, TunlabError
from tunlab.kernel import probe, qdiscs, sysctl, wireguard
from tunlab.kernel.device_options import MODULES, options, words
from tunlab.kernel.errno_names import refusal
from tunlab.kernel.namespaces import NetworkNamespace
from tunlab.kernel.rtnetlink import (
    IFLA_MASTER,
    NEWADDR,
    NEWLINK,
    NEWQDISC,
    SETLINK,
    UNKNOWN_KIND,
    Requests,
    hardware,
    new_address,
    new_link,
    set_link,
    u32,
)
from tunlab.kernel.tuntap import Flags, Tun
from tunlab.model.endpoint import Endpoint
from tunlab.model.interface import Interface
from tunlab.model.node_devices import BridgeDevice, Device, IpTunnel, OnDevice, TunTap, WireguardDevice
from tunlab.model.topology import Link, Node

# Loading the module of ipip or gre, which making the first one does, puts devices into every namespace, and those take
# the lowest numbers that are free: tunl0, gre0, gretap0, erspan0.
_ROOM = 8
_REMEDIES = {errno.EEXIST: "remedy_exists", errno.EPERM: "remedy_not_permitted"}
_MTU = 1500  # of a veth, if nothing is said


class NodeBuilding:
    """One node while it is made. Its methods are called with this thread in its namespace.

    `indices` are the numbers of its devices by name. They are chosen here, so that a request can name a device that
    another one before it in the same send makes.
    """

    def __init__(self, node: Node, namespace: NetworkNamespace, up: bool) -> None:
        self.node = node
        self.namespace = namespace
        self.indices = {"lo": 1}
        self._up = up
        self._next = 0
        self._ends: list[tuple[str, Interface, Link]] = []
        self._to_come = list(node.devices)  # not made yet: a program makes them, or what they lie on

    def begin(self) -> None:
        """What comes before any device: the settings. And what no netlink request makes: tun and tap devices."""
        for key, value in self.node.settings():
            if not (key.startswith("net.ipv6.") and probe.missing("ipv6")):
                sysctl.write(key, value)
        for device in self.node.devices:
            if isinstance(device, TunTap) and device.persistent:
                self._add_tun(device)
        self._count(any(isinstance(device, IpTunnel) for device in self.node.devices))

    def add_end(self, end: Endpoint, interface: Interface, link: Link) -> int:
        """The number that the end of a link is to have here."""
        self._ends.append((end.device, interface, link))
        return self._number(end.device)

    def complete(self) -> None:
        """Make all devices that can be made, and give them and the ends of the links what the file says."""
        with Requests() as requests:
            requests.add(SETLINK, set_link(1, up=True), self._refused("ip", "link set dev lo up"))
            made = self._add_devices(requests)
            for name, interface, link in self._ends:
                self._configure(requests, name, interface, b"")
                self._shape(requests, name, interface, link)
            self._configure_all(requests, made)
            for name, interface, _ in self._ends:
                self._set_state(requests, name, interface)
            for device in made:
                self._set_state(requests, device.name, device.interface)
            requests.send()

    def finish(self, name: str) -> None:
        """A program has made this device: give it what the file says, and make what lies on it."""
        if not any(device.name == name for device in self._to_come):
            return
        self._ends.clear()
        self._learn(name)
        self._count(any(isinstance(device, IpTunnel) for device in self._to_come))
        self.complete()

    # Devices

    def _add_tun(self, device: TunTap) -> None:
        flags = Flags.TUN if device.kind == "tun" else Flags.TAP
        flags |= Flags(0) if device.packet_information else Flags.NO_PI
        flags |= Flags.MULTI_QUEUE if device.multi_queue else Flags(0)
        flags |= Flags.VNET_HDR if device.vnet_header else Flags(0)
        with Tun(device.name, flags) as tun:
            if device.owner is not None:
                tun.own(self._user(device.name, device.owner))
            tun.persist()
        self._learn(device.name)

    def _user(self, device: str, owner: str) -> int:
        if owner.isdecimal():
            return int(owner)
        try:
            return pwd.getpwnam(owner).pw_uid
        except KeyError as error:
            raise TunlabError("unknown_user", endpoint=self._endpoint(device), user=owner) from error

    def _add_devices(self, requests: Requests) -> list[Device]:
        """Have requests for those wait that nothing is missing for, and say which they are."""
        made: list[Device] = []
        for device in list(self._to_come):
            lower = self.indices.get(device.lower) if device.lower else 0
            if isinstance(device, TunTap):
                if device.name not in self.indices:
                    continue  # its program makes it
            elif lower is None:
                continue
            else:
                self._add(requests, device, lower)
            self._to_come.remove(device)
            made.append(device)
        if any(isinstance(device, WireguardDevice) for device in made):
            requests.send()
            for device in made:
                if isinstance(device, WireguardDevice):
                    wireguard.configure(device)
        return made

    def _add(self, requests: Requests, device: Device, lower: int) -> None:
        name, kind, interface = device.name, device.kind, device.interface
        own, more = options(device, lower)
        mtu = None if isinstance(device, BridgeDevice) else interface.mtu
        body = new_link(name, self._number(name), kind, own, more + hardware(interface.mac, mtu))
        under = f" link {device.link}" if isinstance(device, OnDevice) else ""
        command = f"link add {name}{under} type {kind}{words(device)}"
        requests.add(NEWLINK, body, missing_kind(self._endpoint(name), kind, command))

    # What they are given

    def _configure_all(self, requests: Requests, devices: list[Device]) -> None:
        for device in devices:
            late = isinstance(device, TunTap)
            more = hardware(device.interface.mac, device.interface.mtu) if late else b""
            self._configure(requests, device.name, device.interface, more)
        for device in devices:
            if isinstance(device, BridgeDevice) and (mtu := device.interface.mtu):
                # Last: every port that a bridge gets changes its MTU until somebody sets it (br_mtu_auto_adjust()).
                refused = self._refused("ip", f"link set dev {device.name} mtu {mtu}")
                requests.add(SETLINK, set_link(self.indices[device.name], more=hardware(None, mtu)), refused)

    def _configure(self, requests: Requests, name: str, interface: Interface, more: bytes) -> None:
        index = self.indices[name]
        command = f"link set dev {name}"
        if more:
            command += f" address {interface.mac}" if interface.mac else ""
            command += f" mtu {interface.mtu}" if interface.mtu else ""
        if interface.master is not None:
            more += u32(IFLA_MASTER, self.indices[interface.master])
            command += f" master {interface.master}"
        if more:
            requests.add(SETLINK, set_link(index, more=more), self._refused("ip", command))
        for address in interface.addresses:
            refused = self._refused("ip", f"addr add {address} dev {name}")
            requests.add(NEWADDR, new_address(index, address), refused)

    def _shape(self, requests: Requests, name: str, interface: Interface, link: Link) -> None:
        index, at = self.indices[name], self._endpoint(name)
        if link.netem is not None:
            command = f"qdisc add dev {name} {qdiscs.netem_words(link.netem)}"
            requests.add(NEWQDISC, qdiscs.netem(index, link.netem), _missing_qdisc(at, "netem", command))
        if link.rate is not None:
            mtu, below_netem = interface.mtu or _MTU, link.netem is not None
            body = qdiscs.tbf(index, link.rate, mtu, below_netem)
            command = f"qdisc add dev {name} {qdiscs.tbf_words(link.rate, mtu, below_netem)}"
            requests.add(NEWQDISC, body, _missing_qdisc(at, "tbf", command))

    def _set_state(self, requests: Requests, name: str, interface: Interface) -> None:
        state = interface.state or ("up" if self._up else None)
        if state is not None:
            refused = self._refused("ip", f"link set dev {name} {state}")
            requests.add(SETLINK, set_link(self.indices[name], up=state == "up"), refused)

    # Numbers and names

    def _count(self, tunnels: bool) -> None:
        """Numbers begin above all that are taken."""
        self._next = 1 + max(index for index, _ in socket.if_nameindex()) + (_ROOM if tunnels else 0)

    def _number(self, name: str) -> int:
        index = self.indices[name] = self._next
        self._next += 1
        return index

    def _learn(self, name: str) -> None:
        try:
            self.indices[name] = socket.if_nametoindex(name)
        except OSError as error:  # which has no number
            command = f"ip -n {self.node.name} link show dev {name}"
            raise KernelError("ENODEV", command, "remedy_not_made") from error

    def _endpoint(self, device: str) -> Endpoint:
        return Endpoint(self.node.name, device)

    def _refused(self, tool: str, command: str) -> Callable[[OSError], Exception]:
        return lambda error: refusal(error, f"{tool} -n {self.node.name} {command}", _REMEDIES)


def missing_kind(at: Endpoint, kind: str, command: str) -> Callable[[OSError], Exception]:
    """What a refusal to make a device becomes: the sentence on its module where the kernel does not know the kind."""

    def refused(error: OSError) -> Exception:
        if error.errno == errno.EOPNOTSUPP and error.strerror == UNKNOWN_KIND:
            return TunlabError(
                "no_device_kind", Status.ENVIRONMENT, endpoint=at, kind=kind, module=MODULES.get(kind, kind)
            )
        remedies = _REMEDIES | ({errno.EOPNOTSUPP: "remedy_vlan_filtering"} if "vlan_filtering" in command else {})
        return refusal(error, f"ip -n {at.node} {command}", remedies)

    return refused


def _missing_qdisc(at: Endpoint, kind: str, command: str) -> Callable[[OSError], Exception]:
    def refused(error: OSError) -> Exception:
        if error.errno in (errno.ENOENT, errno.EOPNOTSUPP):
            return TunlabError("no_queue_kind", Status.ENVIRONMENT, endpoint=at, kind=kind, module=f"sch_{kind}")
        return refusal(error, f"tc -n {at.node} {command}", _REMEDIES)

    return refused
