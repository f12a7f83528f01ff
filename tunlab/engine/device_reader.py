"""Looks at the devices of the network namespace in which this process is, and changes nothing."""

from contextlib import ExitStack
from typing import Any, Self

from tunlab.engine.far_device import far_device
from tunlab.errors import KernelError
from tunlab.kernel import link_info, namespaces, procfs
from tunlab.kernel.device_details import DeviceNetlink
from tunlab.kernel.link_news import LinkNews
from tunlab.kernel.link_state import LinkState, link_state
from tunlab.kernel.offloads import offloads
from tunlab.model.device import DeviceDetails, FarDevice, HeldBy, QdiscSeen, TunEnd
from tunlab.model.events import Counters

_Queues = tuple[int, tuple[int, int] | None, Any]  # index, open and disabled queues, carrier


class DeviceReader:
    """A context manager, opened by a process that is in the namespace of `node`; empty: the host's own.

    `host_proc`: a descriptor of the host's /proc from before this process joined a sandbox, to tell the host's pids.
    """

    def __init__(self, node: str, host_proc: int | None) -> None:
        self._node = node
        self._host_proc = host_proc
        self._stack = ExitStack()
        self._queues: dict[str, _Queues] = {}
        self._changed: set[str] = set()  # devices whose queues changed since they were described
        self._holders: dict[str, tuple[_Queues, tuple[procfs.TunHolder, ...], tuple[HeldBy, ...]]] = {}

    def __enter__(self) -> Self:
        with ExitStack() as opened:
            self._namespace = namespaces.own_inode()
            self._news = opened.enter_context(LinkNews())
            self._netlink = opened.enter_context(DeviceNetlink())
            self._stack = opened.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def fileno(self) -> int:
        """Readable when something about devices has changed. Call `heed` then."""
        return self._news.fileno()

    def heed(self) -> bool:
        """Whether `details` may have changed since this was last asked; reads the news away.

        Who opens or closes a tun or tap that is DOWN is not announced by the kernel. `counters` notices it, so ask
        after that as well.
        """
        changed, self._changed = self._changed, set()
        return self._news.heed() or bool(changed)

    def counters(self, device: str) -> Counters | None:
        """What the device has counted, or None where there is none. Half a millisecond."""
        message = self._netlink.message(device)
        if message is None:
            return None
        link = link_state(message)
        self._compare_queues(link.name, message)
        return link.counters(self._node)

    def details(self, device: str) -> DeviceDetails | None:
        """All that can be told of the device, or None where there is none. Three to eight milliseconds."""
        try:
            message = self._netlink.message(device)
            return None if message is None else self._described(message, link_state(message))
        except KernelError as error:
            if error.errno_name != "ENODEV":
                raise
            return None  # it vanished while we looked

    def _described(self, message: Any, link: LinkState) -> DeviceDetails:
        far = self._far(message)
        master = message.get("master")
        bridge = vxlan = None
        if link.kind == "bridge":
            bridge = link_info.bridge(message, self._netlink.ports(link.index), self._netlink.fdb(link.index))
        if link.kind == "vxlan":
            vxlan = link_info.vxlan(message, far, self._netlink.fdb(link.index))
        return DeviceDetails(
            node=self._node,
            device=link.name,
            index=link.index,
            kind=link.kind,
            flags=link.flags,
            state=link.state,
            mtu=link.mtu,
            txqlen=link.txqlen,
            link_address=link.address,
            addresses=self._netlink.addresses(link.index),
            master=self._netlink.name_of(int(master)) if master else None,
            qdiscs=self._netlink.qdiscs(link.index) or (QdiscSeen(link.qdisc, "0:", "root"),),  # noop is not listed
            offloads=offloads(link.name),
            routes=self._netlink.routes(link.index),
            tun=self._tun_end(link.name, message) if link.kind in ("tun", "tap") else None,
            peer=far if link.kind == "veth" else None,
            bridge=bridge,
            vxlan=vxlan,
            macvlan=link_info.macvlan(message, far) if link.kind in ("macvlan", "macvtap") else None,
        )

    def _far(self, message: Any) -> FarDevice | None:
        index = link_info.lower_index(message)
        if index is None:
            return None
        with namespaces.named() as nodes:
            return far_device(self._netlink, self._node, index, message.get("link_netnsid"), nodes)

    def _compare_queues(self, device: str, message: Any) -> _Queues:
        now = (int(message["index"]), link_info.queues(message), message.get("carrier"))
        if self._queues.get(device, now) != now:
            self._changed.add(device)
        self._queues[device] = now
        return now

    def _tun_end(self, device: str, message: Any) -> TunEnd:
        queues = self._compare_queues(device, message)
        self._changed.discard(device)
        before, found, told = self._holders.get(device, (None, (), ()))
        complete = link_info.tun_end(message, told).holders_visible
        if before != queues or not complete or not all(procfs.still_holds(holder, device) for holder in found):
            found = tuple(procfs.tun_holders(device, self._namespace))
            told = tuple(HeldBy(each.pid, self._host_pid(each.pid), each.fd, each.command) for each in found)
            self._holders[device] = (queues, found, told)
        return link_info.tun_end(message, told)

    def _host_pid(self, pid: int) -> int | None:
        return None if self._host_proc is None else procfs.host_pid(pid, self._host_proc)
