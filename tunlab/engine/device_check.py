"""What a check demands of a device, what it finds, and whether the two agree."""

from tunlab.model.checks import DeviceCheck, only_demand
from tunlab.model.events import DeviceSeen


def up_or_down(seen: DeviceSeen) -> str:
    """Whether somebody has brought it up, as a single word."""
    return "UP" if "UP" in seen.flags else "DOWN"


def value(check: DeviceCheck, seen: DeviceSeen) -> str | None:
    """What the only thing that the check demands is; of several, the one demanded where it is among them."""
    if only_demand(check) is None:
        return None
    if check.state is not None:
        return seen.state
    if check.addresses is not None:
        return str(len(seen.addresses))
    if check.holders is not None:
        return str(len(seen.holders))
    if check.peer is not None:
        return seen.peer
    if check.link is not None:
        return seen.link_layer
    if check.mtu is not None:
        return str(seen.mtu)
    there = seen.addresses if check.address else tuple(holder.program or holder.command for holder in seen.holders)
    wanted = check.address or check.holder
    return wanted if wanted in there else ", ".join(there) or None


def as_expected(seen: DeviceSeen, check: DeviceCheck) -> bool:
    """Whether the device is all that the check demands."""
    return (
        set(check.flags) <= set(seen.flags)
        and not set(check.without) & set(seen.flags)
        and check.state in (None, seen.state)
        and (check.address is None or check.address in seen.addresses)
        and check.addresses in (None, len(seen.addresses))
        and (check.holder is None or check.holder in {holder.program for holder in seen.holders})
        and check.holders in (None, len(seen.holders))
        and (check.peer is None or str(check.peer) == seen.peer)
        and check.link in (None, seen.link_layer)
        and check.mtu in (None, seen.mtu)
    )


def expected(check: DeviceCheck) -> str:
    """What the check demands, in one line of the kernel's words."""
    words = [*check.flags, *(f"no {flag}" for flag in check.without)]
    words += [f"state {check.state}"] if check.state else []
    words += [check.address] if check.address else []
    words += [f"addresses {check.addresses}"] if check.addresses is not None else []
    words += [f"held by {check.holder}"] if check.holder else []
    words += [f"holders {check.holders}"] if check.holders is not None else []
    words += [f"peer {check.peer}"] if check.peer else []
    words += [f"link/{check.link}"] if check.link else []
    words += [f"mtu {check.mtu}"] if check.mtu is not None else []
    return ", ".join(words)


def told(check: DeviceCheck, seen: DeviceSeen) -> str:
    """What the device is instead or as well, as far as the check asks."""
    words = list(seen.flags) if check.flags or check.without else []
    words += [f"state {seen.state}"] if check.state else []
    words += seen.addresses if check.address else []
    words += [f"addresses {len(seen.addresses)}"] if check.addresses is not None else []
    names = dict.fromkeys(holder.program or holder.command for holder in seen.holders)
    words += [f"held by {name}" for name in names] if check.holder else []
    words += [f"holders {len(seen.holders)}"] if check.holders is not None else []
    words += [f"peer {seen.peer or '-'}"] if check.peer else []
    words += [f"link/{seen.link_layer}"] if check.link else []
    words += [f"mtu {seen.mtu}"] if check.mtu is not None else []
    return ", ".join(words) or "-"
