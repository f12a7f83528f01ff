"""What a lab file may name that does not stand in it: requirements, kernel flags and states, our programs."""

from tunlab.paths import PACKAGE

REQUIREMENTS = ("tun", "ipv6", "cc", "tcpdump")

# <linux/if.h> without the IFF_ in front, as ip-link(8) shows them.
FLAGS = (
    "UP", "BROADCAST", "DEBUG", "LOOPBACK", "POINTOPOINT", "NOTRAILERS", "RUNNING", "NOARP", "PROMISC",
    "ALLMULTI", "MASTER", "SLAVE", "MULTICAST", "PORTSEL", "AUTOMEDIA", "DYNAMIC", "LOWER_UP", "DORMANT",
    "ECHO",
)  # fmt: skip

# RFC 2863's ifOperStatus, as the kernel keeps it.
STATES = ("UNKNOWN", "NOTPRESENT", "DOWN", "LOWERLAYERDOWN", "TESTING", "DORMANT", "UP")


def modules() -> tuple[str, ...]:
    """The programs of ours that a lab can start. Their files are looked at, never imported."""
    files = (PACKAGE / "programs").glob("[!_]*.py")
    return tuple(sorted(file.stem for file in files if "__main__" in file.read_text(encoding="utf-8")))
