"""Scapy, loaded so that it stays silent, reads no routes and writes nothing into the user's home."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

# scapy.main looks for these at import, makes the folders where they are missing, and scapy.data then
# leaves 3 MB of pickles in the cache. Below /dev/null no folder can be made, not even by root.
_HOMES = ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME")
_NOWHERE = "/dev/null/tunlab"


@cache
def load_scapy() -> None:
    """Import the layers that tunlab knows; call it before any other import of scapy. Starts no thread.

    Costs 0.2 to 0.25 s once (scapy 2.8.0), about 0.05 s of it for the missing cache. One thing cannot
    be switched off: scapy.interfaces asks netlink for the links and addresses of the namespace it is in.
    """
    logging.getLogger("scapy").setLevel(logging.CRITICAL + 1)
    with _homeless():
        from scapy.config import conf

        conf.route_autoload = False
        conf.route6_autoload = False
        from scapy.layers import dhcp, dns, inet, inet6, l2, vxlan  # noqa: F401  (each registers with the others)


@contextmanager
def _homeless() -> Iterator[None]:
    """Let this process have no home folders for a moment; other threads' children would see it too."""
    before = {name: os.environ.get(name) for name in _HOMES}
    os.environ.update(dict.fromkeys(_HOMES, _NOWHERE))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
