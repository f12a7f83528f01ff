"""What a lab file may name that does not stand in it: requirements, kernel flags and states, our programs."""

from functools import cache

from tunlab.paths import PACKAGE

REQUIREMENTS = ("tun", "ipv6", "cc", "tcpdump", "openvpn", "vtun", "xfrm")

# Those of <linux/if.h> that ip-link(8) shows, without the IFF_ in front; kernel/netlink.py tells the same ones.
FLAGS = (
    "NO-CARRIER", "UP", "BROADCAST", "LOOPBACK", "POINTOPOINT", "NOARP", "PROMISC", "ALLMULTI", "MASTER", "SLAVE",
    "MULTICAST", "LOWER_UP", "DORMANT",
)  # fmt: skip

# RFC 2863's ifOperStatus, as the kernel keeps it.
STATES = ("UNKNOWN", "NOTPRESENT", "DOWN", "LOWERLAYERDOWN", "TESTING", "DORMANT", "UP")

# ARPHRD_ETHER and ARPHRD_NONE, as ip-link(8) shows them behind link/.
LINK_LAYERS = ("ether", "none")

# What a device counts, as <linux/if_link.h> names it; both ways.
COUNTERS = tuple(f"{way}_{what}" for way in ("rx", "tx") for what in ("packets", "bytes", "dropped"))

# What a lab may send to a program of its own.
SIGNALS = ("HUP", "INT", "TERM", "USR1", "USR2")


def modules() -> tuple[str, ...]:
    """The programs of ours that a lab can start. Their files are looked at, never imported."""
    files = (PACKAGE / "programs").glob("[!_]*.py")
    return tuple(sorted(file.stem for file in files if "__main__" in file.read_text(encoding="utf-8")))


@cache
def far_ends(kind: str) -> tuple[str, ...]:
    """Those of them that serve the far end of a tun device, or of a tap, with nothing said about it."""
    folder = PACKAGE / "programs"
    sources = {name: (folder / f"{name}.py").read_text(encoding="utf-8") for name in modules()}
    return tuple(
        name
        for name, source in sources.items()
        if "programs.far_end" in source and ("Flags.TAP" in source and "--tap" not in source) == (kind == "tap")
    )
