"""What is at the far end of a device: programs, a peer, ports, another host."""

from collections.abc import Iterator

from rich.table import Table
from rich.text import Text

from tunlab.engine.scene import program_name
from tunlab.i18n import Words
from tunlab.model.device import Bridge, DeviceDetails, FarDevice, FdbEntry, HeldBy, Macvlan, TunEnd, Vxlan
from tunlab.ui.printable import printable


def in_short(details: DeviceDetails, words: Words) -> Iterator[list[Text]]:
    """What belongs into the live view: a line for each program, else a single one."""
    if details.tun:
        yield from _tun_in_short(details.tun, words)
    elif details.bridge:
        yield [*_ports(details.bridge, words), Text(words("page_entries", count=len(details.bridge.fdb)))]
    elif told := list(plain(details, words)):
        yield told


def plain(details: DeviceDetails, words: Words) -> Iterator[Text]:
    """The far end of a device that is neither tun nor bridge; nothing where there is none."""
    if details.kind == "veth":
        yield Text(_far(details.peer, words), "bold")
        yield Text(words("page_cable"))
    if details.vxlan:
        yield from _vxlan(details.vxlan, words)
    if details.macvlan:
        yield from _macvlan(details.macvlan, words)


# A program


def queue_words(tun: TunEnd, words: Words) -> Iterator[Text]:
    """Whether a program has it open, and in how many queues."""
    if not tun.attached:
        yield Text(words("page_nobody"), "unknown")
    elif tun.queues is None:
        yield Text(words("page_attached"))
    else:
        yield Text(words("page_queues", count=tun.queues))
        if tun.disabled_queues:
            yield Text(words("page_queues_disabled", count=tun.disabled_queues))


def tun_facts(tun: TunEnd, words: Words) -> Iterator[tuple[str, str]]:
    """How the device was opened, by the name that the kernel has for it, each with its meaning."""
    if tun.packet_information is not None:
        if tun.packet_information:
            yield words("page_pi"), words("page_pi_meaning")
        else:
            yield "IFF_NO_PI", words("page_no_pi_meaning")
    if tun.vnet_header:
        yield "IFF_VNET_HDR", words("page_vnet_meaning")
    if tun.multi_queue:
        yield "IFF_MULTI_QUEUE", words("page_multi_meaning")
    if tun.persistent is not None:
        yield _persistent(tun, words), words("page_stays_meaning" if tun.persistent else "page_goes_meaning")
    if tun.owner_id is not None:
        who = words("page_owner", name=tun.owner or tun.owner_id, id=tun.owner_id)
        yield who, words("page_owner_meaning")
    if tun.group_id is not None:
        yield words("page_group", name=tun.group or tun.group_id, id=tun.group_id), words("page_group_meaning")


def holder_words(holder: HeldBy, words: Words, whole: bool) -> Iterator[Text]:
    """A process: its pids, its descriptor, and what was typed to start it, or only the name of that."""
    command = printable(holder.command)
    if not whole:
        yield Text(program_name(command), "bold")
    pids = words("page_pid", pid=holder.pid)
    if holder.host_pid not in (None, holder.pid):
        pids += words("page_host_pid", pid=holder.host_pid)
    yield Text(pids)
    yield Text(f"fd {holder.fd}")
    if whole:
        yield Text(command, "bold")


def _persistent(tun: TunEnd, words: Words) -> str:
    return words("page_stays" if tun.persistent else "page_goes")


def _tun_in_short(tun: TunEnd, words: Words) -> Iterator[list[Text]]:
    holders = [list(holder_words(holder, words, whole=False)) for holder in tun.holders]
    rest = [] if tun.holders_visible else [Text(words("page_hidden"), "unknown")]
    rest += [*map(Text, (name for name, _ in tun_facts(tun, words))), *queue_words(tun, words)]
    if len(holders) == 1:
        yield [*holders[0], *rest]
    else:
        yield from (*holders, rest)


# Other devices


def _far(far: FarDevice | None, words: Words) -> str:
    if far is None or (far.node is None and far.device is None):
        return words("page_unseen")
    name = printable(far.device or words("page_unnamed"))
    if far.node is None:
        return words("page_elsewhere", device=name)
    return f"{printable(far.node)}:{name}" if far.node else name


def _vxlan(vxlan: Vxlan, words: Words) -> Iterator[Text]:
    yield Text(words("page_vni_each") if vxlan.id is None else f"VNI {vxlan.id}", "bold")
    for key, value in (("page_local", vxlan.local), ("page_remote", vxlan.remote)):
        if value:
            yield Text(words(key, address=value))
    yield Text(words("page_port", port=vxlan.port))
    if vxlan.lower:
        yield Text(words("page_over", device=_far(vxlan.lower, words)))
    yield Text(words("page_learns" if vxlan.learning else "page_learns_not"))


def _macvlan(macvlan: Macvlan, words: Words) -> Iterator[Text]:
    yield Text(words("page_on", device=_far(macvlan.lower, words)), "bold")
    yield Text(words("page_mode", mode=macvlan.mode))


def _ports(bridge: Bridge, words: Words) -> Iterator[Text]:
    if not bridge.ports:
        yield Text(words("page_no_ports"))
    for port in bridge.ports:
        yield Text.assemble((printable(port.device), "bold"), f" {port.state}")


def bridge_words(bridge: Bridge, words: Words) -> Iterator[Text]:
    """Its ports, and how it was set."""
    yield from _ports(bridge, words)
    yield Text(words("page_ageing", seconds=bridge.ageing))
    if bridge.stp:
        yield Text("STP")
    if bridge.vlan_filtering:
        yield Text("vlan_filtering")


def fdb_table(entries: tuple[FdbEntry, ...], words: Words) -> Table:
    """Which MAC is where."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="")
    table.add_column("MAC", no_wrap=True)
    table.add_column(words("page_to"), no_wrap=True)
    with_vlan = any(entry.vlan is not None for entry in entries)
    if with_vlan:
        table.add_column("VLAN", no_wrap=True, justify="right")
    table.add_column(words("page_age"), no_wrap=True)
    for entry in entries:
        age = "" if entry.age is None else "  " + words("page_seconds", seconds=entry.age)
        told = words(f"page_fdb_{entry.state}") + age
        vlan = ["" if entry.vlan is None else str(entry.vlan)] if with_vlan else []
        table.add_row(entry.mac, Text(printable(entry.remote or entry.port or "")), *vlan, Text(told))
    return table
