"""What stands on a link of a drawing: its rate, what netem does, the number of a tunnel."""

from tunlab.model.topology import Link, Netem

_UNITS = ((10**9, "gbit"), (10**6, "mbit"), (10**3, "kbit"))
_VXLAN_PORT = 4789  # of RFC 7348, which goes without saying


def shaping(link: Link) -> str:
    """`10mbit, delay 20ms 5ms, loss 0.5%`, or nothing."""
    parts = [] if link.rate is None else [_rate(link.rate)]
    return ", ".join([*parts, *(_netem(link.netem) if link.netem else [])])


def tunnel_label(number: int | None, port: int | None = None) -> str:
    """By what the two ends of a tunnel know that they belong together."""
    told = "" if number is None else f"{number}"
    return f"{told} port {port}".strip() if port and port != _VXLAN_PORT else told


def _rate(bits: int) -> str:
    for unit, name in _UNITS:
        if bits and bits % unit == 0:
            return f"{bits // unit}{name}"
    return f"{bits}bit"


def _netem(netem: Netem) -> list[str]:
    told = []
    if netem.delay:
        told.append(f"delay {_time(netem.delay)}" + (f" {_time(netem.jitter)}" if netem.jitter else ""))
    for name in ("loss", "duplicate", "reorder", "corrupt"):
        if share := getattr(netem, name):
            told.append(f"{name} {share:g}%")
    return [*told, *([] if netem.limit is None else [f"limit {netem.limit}"])]


def _time(microseconds: int) -> str:
    for unit, name in ((1_000_000, "s"), (1_000, "ms")):
        if microseconds % unit == 0:
            return f"{microseconds // unit}{name}"
    return f"{microseconds / 1000:g}ms" if microseconds > 1000 else f"{microseconds}us"
