"""What a node would do with a packet, as its kernel answers it: routes and neighbours. It only asks."""

import errno
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from tunlab.errors import KernelError
from tunlab.kernel.device_details import DeviceNetlink
from tunlab.kernel.netlink_errors import asking

# RTN_ in linux/rtnetlink.h
_KINDS = {1: "unicast", 2: "local", 3: "broadcast", 4: "anycast", 5: "multicast"}
_REFUSING = {6: "EINVAL", 7: "EHOSTUNREACH", 8: "EACCES"}  # blackhole, unreachable, prohibit
# NUD_ in linux/neighbour.h
_INCOMPLETE, _FAILED = 0x01, 0x20


@dataclass(frozen=True, slots=True)
class Route:
    """Where the kernel sends a packet: `kind` is unicast, local, broadcast, anycast or multicast.

    `refused` is the errno's name where it sends it nowhere; then all else is empty. `mtu` is the route's own, in bytes,
    or None.
    """

    kind: str = ""
    device: str = ""
    gateway: str | None = None
    mtu: int | None = None
    refused: str = ""


class RouteNetlink(DeviceNetlink):
    """The netlink of questions about a packet's way."""

    def route_to(self, destination: str, source: str | None = None, incoming: str | None = None) -> Route:
        """`ip route get DESTINATION [from SOURCE] [iif INCOMING]`.

        With `incoming`, the kernel answers as for a packet that has just come in there.
        """
        wanted: dict[str, object] = {"dst": destination}
        if source is not None:
            wanted["src"] = source
        try:
            with asking(f"ip route get {destination}"):
                if incoming is not None:
                    wanted["iif"] = self._index(incoming)
                answers: Sequence[Any] = self._route.route("get", **wanted)
        except KernelError as error:
            return Route(refused=error.errno_name)
        if not answers:
            return Route(refused=errno.errorcode[errno.ENETUNREACH])
        answer = answers[0]
        kind = int(answer["type"])
        if kind in _REFUSING:
            return Route(refused=_REFUSING[kind])
        metrics, device = answer.get("metrics"), answer.get("oif")
        other = answer.get("via")  # of the other family
        gateway = answer.get("gateway") or (other and other["addr"])
        return Route(
            kind=_KINDS.get(kind, "unicast"),
            device=(self.name_of(int(device)) if device else None) or "",
            gateway=str(gateway) if gateway else None,
            mtu=metrics.get("mtu") if metrics else None,
        )

    def unresolved(self, address: str, index: int) -> bool:
        """Whether the node asks, or has asked in vain, for the MAC of that neighbour (`ip neigh get`)."""
        with suppress(KernelError), asking(f"ip neigh get {address}"):
            state = int(self._route.neigh("get", dst=address, ifindex=index)[0]["state"])
            return state in (_INCOMPLETE, _FAILED)
        return False  # there is no such entry
