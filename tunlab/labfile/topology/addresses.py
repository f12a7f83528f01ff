"""The addresses of a device: of the right family, and such as a host can have in its prefix."""

from tunlab.labfile.cursor import Value, one_or_more
from tunlab.labfile.values import interface_address, parsed_interface

FAMILIES = {"ipv4": 4, "ipv6": 6}


def addresses(value: Value) -> tuple[str, ...]:
    """One address with its prefix length, or a list of them; the key's name is the family."""
    return tuple(address_of(item, value.name) for item in one_or_more(value))


def address_of(value: Value, family: str) -> str:
    """An address of a family that a host can have."""
    text = interface_address(value)
    interface = parsed_interface(text)
    if interface.version != FAMILIES[family]:
        other = next(name for name in FAMILIES if name != family)
        raise value.error("topology_family", value=text, field=family, other=other)
    network, ip = interface.network, interface.ip
    if ip.is_multicast or ip.is_unspecified or ip.is_loopback or str(ip) == "255.255.255.255":
        raise value.error("topology_address_special", value=text)
    # RFC 3021 and RFC 6164: of two addresses both are hosts'.
    if network.num_addresses > 2 and ip == network.network_address:
        raise value.error("topology_address_network", value=text, meant=f"{ip + 1}/{network.prefixlen}")
    if network.num_addresses > 2 and interface.version == 4 and ip == network.broadcast_address:
        raise value.error("topology_address_broadcast", value=text, meant=f"{ip - 1}/{network.prefixlen}")
    return text


class AddressBook:
    """Where each address of the topology stands. It finds one that stands in two places."""

    def __init__(self) -> None:
        self._places: dict[str, tuple[str, int, bool]] = {}

    def note(self, value: Value, place: object) -> None:
        """Take down what an `ipv4` or `ipv6` holds. Raises LabFileError where it is another's already.

        An address that shares no network, /32 or /128, may stand in many places: anycast, unnumbered links. So may a
        link-local one, which counts on its own link only.
        """
        for item in one_or_more(value):
            interface = parsed_interface(item.text())
            alone = interface.network.num_addresses == 1
            first = self._places.setdefault(str(interface.ip), (str(place), item.line, alone))
            if first[0:2] != (str(place), item.line) and not (alone and first[2]) and not interface.ip.is_link_local:
                raise item.error("topology_address_twice", address=interface.ip, place=first[0], first=first[1])
