"""The keys and peers of a wireguard device, over generic netlink as wg(8) does it (linux/wireguard.h)."""

from tunlab.kernel.netlink_errors import asking
from tunlab.model.node_devices import WireguardDevice


def configure(device: WireguardDevice) -> None:
    """Tell a wireguard device of this namespace what it is to be. Raises KernelError."""
    from pyroute2 import WireGuard

    with asking(f"wg set {device.name}"), WireGuard() as wireguard:
        wireguard.set(device.name, private_key=device.private_key, listen_port=device.port)
        for peer in device.peers:
            wanted: dict[str, object] = {"public_key": peer.public_key, "allowed_ips": list(peer.allowed_ips)}
            if peer.endpoint is not None:
                address, _, port = peer.endpoint.rpartition(":")
                wanted |= {"endpoint_addr": address.strip("[]"), "endpoint_port": int(port)}
            if peer.keepalive is not None:
                wanted["persistent_keepalive"] = peer.keepalive
            wireguard.set(device.name, peer=wanted)
