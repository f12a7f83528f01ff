"""The tun device's address and MTU, set where that was asked for."""

import errno
import socket
from collections.abc import Callable
from ipaddress import ip_interface

from tunlab.errors import Status, TunlabError
from tunlab.kernel import rtnetlink
from tunlab.kernel.errno_names import attempting, refusal

_REMEDIES = {
    errno.EPERM: "remedy_not_permitted",
    errno.EACCES: "remedy_ipv6_off",  # disable_ipv6 is 1
    errno.EINVAL: "remedy_mtu",
}


def read_address(text: str) -> str:
    """An address with its prefix length. Raises TunlabError for anything else."""
    try:
        if "/" not in text or "%" in text:
            raise ValueError(text)
        return str(ip_interface(text))
    except ValueError as error:
        raise TunlabError("tunnel_bad_address", Status.USAGE, text=text) from error


def configure(name: str, address: str | None, mtu: int) -> None:
    """Set the MTU; with an address, give the device that, if it has it not yet, and bring it up. Raises KernelError."""
    with attempting(f"ip link show dev {name}"):
        index = socket.if_nametoindex(name)
    with rtnetlink.Requests() as requests:
        size = rtnetlink.u32(rtnetlink.IFLA_MTU, mtu)
        if address is None:
            attempt = f"ip link set dev {name} mtu {mtu}"
            requests.add(rtnetlink.SETLINK, rtnetlink.set_link(index, more=size), _refused(attempt))
            requests.send()
            return
        attempt = f"ip link set dev {name} mtu {mtu} up"
        requests.add(rtnetlink.SETLINK, rtnetlink.set_link(index, True, size), _refused(attempt))
        requests.send()
        attempt = f"ip addr add {address} dev {name}"
        requests.add(rtnetlink.NEWADDR, rtnetlink.new_address(index, address), _unless_there(_refused(attempt)))
        try:
            requests.send()
        except FileExistsError:
            return


def _refused(attempt: str) -> Callable[[OSError], Exception]:
    return lambda error: refusal(error, attempt, _REMEDIES)


def _unless_there(refused: Callable[[OSError], Exception]) -> Callable[[OSError], Exception]:
    return lambda error: FileExistsError() if error.errno == errno.EEXIST else refused(error)
