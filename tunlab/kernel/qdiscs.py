"""The queues of a link: tbf for its rate, netem for what happens to packets (linux/pkt_sched.h, rtnetlink(7))."""

import struct

from tunlab.kernel.rtnetlink import attribute, text
from tunlab.model.topology import Netem

BURST_TIME = 0.01  # seconds at the rate that may go at once: a tick of a kernel of 100 Hz
LATENCY = 0.05  # seconds that a packet waits at most for its turn, as in tc-tbf(8)'s example
_LEAST_WAITING = 10  # packets that find room at any rate

_TCMSG = struct.Struct("=BxxxiIII")  # family, index, handle, parent, info
_ROOT, _NETEM_HANDLE, _TBF_HANDLE, _FIRST_CLASS = 0xFFFFFFFF, 0x10000, 0x100000, 0x10001  # root, 1:, 10:, 1:1
_TCA_KIND, _TCA_OPTIONS = 1, 2
_RATESPEC = struct.Struct("=BBHhHI")  # cell_log, linklayer, overhead, cell_align, mpu, bytes per second
_ETHERNET = 1  # TC_LINKLAYER_ETHERNET: without it the kernel would want a table of rates
_TBF_PARMS, _TBF_RATE64, _TBF_BURST = 1, 4, 6
_MOST_32 = 0xFFFFFFFF
_NETEM_REORDER, _NETEM_CORRUPT, _NETEM_LATENCY64, _NETEM_JITTER64 = 3, 4, 10, 11
_NETEM_LIMIT = 1000  # packets, if nothing is said: tc's own


def tbf_sizes(rate: int, mtu: int) -> tuple[int, int]:
    """(burst, limit) in bytes, for a rate in bits per second.

    A packet larger than the burst would never go; one that finds the limit reached is dropped.
    """
    frame = mtu + 18  # with an Ethernet header and a VLAN's tag
    burst = max(int(rate / 8 * BURST_TIME), 2 * frame)
    return burst, burst + max(int(rate / 8 * LATENCY), _LEAST_WAITING * frame)


def tbf(index: int, rate: int, mtu: int, below_netem: bool) -> bytes:
    """The body of NEWQDISC: a token bucket at a device's root, or where netem lets packets go."""
    burst, limit = tbf_sizes(rate, mtu)
    speed = rate // 8
    parameters = (
        _RATESPEC.pack(0, _ETHERNET, 0, 0, 0, min(speed, _MOST_32)) + _RATESPEC.pack(0, 0, 0, 0, 0, 0)
    ) + struct.pack("=III", limit, 0, 0)
    large = attribute(_TBF_RATE64, struct.pack("=Q", speed)) if speed > _MOST_32 else b""
    options = attribute(_TBF_PARMS, parameters) + large + attribute(_TBF_BURST, struct.pack("=I", burst))
    handle, parent = (_TBF_HANDLE, _FIRST_CLASS) if below_netem else (_NETEM_HANDLE, _ROOT)
    return _TCMSG.pack(0, index, handle, parent, 0) + text(_TCA_KIND, "tbf") + attribute(_TCA_OPTIONS, options)


def tbf_words(rate: int, mtu: int, below_netem: bool) -> str:
    """What stands behind the device in the command of tc(8)."""
    burst, limit = tbf_sizes(rate, mtu)
    place = "parent 1:1 handle 10:" if below_netem else "root handle 1:"
    return f"{place} tbf rate {rate}bit burst {burst} limit {limit}"


def netem(index: int, wanted: Netem) -> bytes:
    """The body of NEWQDISC: netem at a device's root."""
    gap = 1 if wanted.reorder else 0  # every packet may be the one that is not delayed
    parameters = struct.pack(
        "=IIIIII", 0, wanted.limit or _NETEM_LIMIT, _share(wanted.loss), gap, _share(wanted.duplicate), 0
    )
    options = parameters + attribute(_NETEM_LATENCY64, struct.pack("=q", wanted.delay * 1000))
    options += attribute(_NETEM_JITTER64, struct.pack("=q", wanted.jitter * 1000))
    if wanted.reorder:
        options += attribute(_NETEM_REORDER, struct.pack("=II", _share(wanted.reorder), 0))
    if wanted.corrupt:
        options += attribute(_NETEM_CORRUPT, struct.pack("=II", _share(wanted.corrupt), 0))
    return _TCMSG.pack(0, index, _NETEM_HANDLE, _ROOT, 0) + text(_TCA_KIND, "netem") + attribute(_TCA_OPTIONS, options)


def netem_words(wanted: Netem) -> str:
    """What stands behind the device in the command of tc(8)."""
    delay = f"delay {wanted.delay}us" + (f" {wanted.jitter}us" if wanted.jitter else "") if wanted.delay else ""
    shares = {"loss": wanted.loss, "duplicate": wanted.duplicate, "reorder": wanted.reorder, "corrupt": wanted.corrupt}
    words = ["root handle 1: netem", delay, *(f"{name} {share:g}%" for name, share in shares.items() if share)]
    words.append(f"limit {wanted.limit}" if wanted.limit else "")
    return " ".join(word for word in words if word)


def _share(percent: float) -> int:
    return round(percent / 100 * _MOST_32)
