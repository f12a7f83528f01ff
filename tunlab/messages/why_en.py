"""Why a packet went no further, and what to do about it, in English."""

SENTENCES: dict[str, str] = {
    # It was not sent.
    "why_no_route": (
        "{node} has no route to {to}. To add one{note}: tunlab exec {node} -- ip route add {network} via {gateway}"
    ),
    "why_no_route_back": (
        "the packet has arrived, but {node} has no route back to {to}, so its answer goes nowhere. To add "
        "one{note}: tunlab exec {node} -- ip route add {network} via {gateway}"
    ),
    "why_no_address": (
        "{node} has no address, so it has nothing to send a packet from. "
        "Trace from a node that has one; to see who has: tunlab graph"
    ),
    "why_route_down": (
        "{node} has no route to {to}: {device}, which has an address in that network, is down. "
        "To bring it up: tunlab exec {node} -- ip link set {device} up"
    ),
    "why_no_route_down": (
        "{node} has no route to {to}, and its device {device} is down: routes through it went when it did. "
        "To bring it up: tunlab exec {node} -- ip link set {device} up; then add the routes again that had a gateway"
    ),
    "why_refusing_route": (
        "{node} has a route, or a rule, of the type {kind}, which sends packets for {to} nowhere. "
        "To find it: tunlab exec {node} -- ip route show table all type {kind}; and: tunlab exec {node} -- ip rule"
    ),
    # It was routed to a device, and did not leave.
    "why_device_down": ("{device} of {node} is down. To bring it up: tunlab exec {node} -- ip link set {device} up"),
    "why_no_carrier": (
        "{device} of {node} has no carrier: its other end is down or missing. "
        "To look: tunlab exec {node} -- ip -d link show {device}"
    ),
    "why_peer_down": (
        "{device} of {node} has no carrier, because its other end, {peer_device} of {peer_node}, is down. "
        "To bring that up: tunlab exec {peer_node} -- ip link set {peer_device} up"
    ),
    "why_no_program": (
        "no program holds {device} of {node}, and without one the kernel drops what is sent there. "
        "Start a program in {node} that opens {device}"
    ),
    "why_too_big": (
        "the packet has {size} bytes, {device} of {node} takes at most {mtu} (its MTU), and DF forbids to fragment it. "
        "Send a smaller one, with --size {mtu}, or raise the MTU of all devices on the way"
    ),
    "why_too_big6": (
        "the packet has {size} bytes, {device} of {node} takes at most {mtu} (its MTU), and no IPv6 router fragments. "
        "Send a smaller one, with --size {mtu}, or raise the MTU of all devices on the way"
    ),
    "why_no_neighbour": (
        "{node} has asked for the MAC address of {neighbour} by ARP on {device}, and nobody has answered. "
        "Is there a node on that link with this address, and is its device up? "
        "To look: tunlab exec {node} -- ip neigh show dev {device}"
    ),
    "why_no_gateway": (
        "{node} sends to {to} by way of {neighbour}, its gateway, and has asked for the MAC address of that by ARP on "
        "{device}; nobody has answered. Is it the right gateway, and is its device up? "
        "To look: tunlab exec {node} -- ip route get {to}"
    ),
    "why_wrong_gateway": (
        "{node} sends to {to} by way of {neighbour}, its gateway, and nobody on {device} has that address: its request "
        "by ARP was not answered. The router on that link has {gateway}. To use it: "
        "tunlab exec {node} -- ip route replace {network} via {gateway}"
    ),
    "why_no_neighbour6": (
        "{node} has asked for the MAC address of {neighbour} by neighbour discovery on {device}, and nobody has "
        "answered. Is there a node on that link with this address, and is its device up? "
        "To look: tunlab exec {node} -- ip -6 neigh show dev {device}"
    ),
    "why_queue_dropped": (
        "the queue of {device} in {node} ({kind}) has dropped packets since this one was sent. "
        "To look: tunlab exec {node} -- tc -s qdisc show dev {device}"
    ),
    "why_queue_holds": (
        "the queue of {device} in {node} ({kind}) still holds packets back: {count}. "
        "To look: tunlab exec {node} -- tc -s qdisc show dev {device}"
    ),
    "why_send_refused": (
        "the kernel of {node} refuses to send such a packet to {to} ({errno}). To see what it makes of that address: "
        "tunlab exec {node} -- ip route get {to}"
    ),
    # A firewall.
    "why_firewall_refused": (
        "the kernel of {node} has refused to send it (EPERM), as its firewall does. "
        "To see the rules: tunlab exec {node} -- nft list ruleset"
    ),
    "why_firewall_dropped": (
        "the firewall of {node} has dropped it: the rule of the chain '{chain}' with the handle {rule} has counted "
        "a packet. To see the rule: tunlab exec {node} -- nft -a list chain {chain}"
    ),
    "why_firewall_suspected": (
        "{node} has a firewall that can drop such packets, in the chain '{chain}'; whether it did the kernel does not "
        "tell, because no rule counts there. Add 'counter' to its rules and trace again; to see them: "
        "tunlab exec {node} -- nft -a list chain {chain}"
    ),
    "why_firewall_policy": (
        "{node} has a firewall: the chain '{chain}' has the policy drop, so it drops what no rule accepts; whether "
        "this packet, the kernel does not tell. To see the chain: tunlab exec {node} -- nft -a list chain {chain}"
    ),
    "why_firewall_iptables": (
        "{node} has iptables rules, which may have dropped it; which one the kernel does not tell. "
        "To see what they have counted: tunlab exec {node} -- iptables -nvL"
    ),
    # It went out at a device and did not come in at the next.
    "why_peer_unseen": (
        "the other end of {device} in {node} is in a namespace that this session does not know, so what happened there "
        "cannot be seen"
    ),
    "why_peer_mtu": (
        "it is too long for {peer_device} of {peer_node}: {size} bytes, and the MTU there is {mtu}. The device drops "
        "it before the stack has seen it, so no ICMP error tells of it. "
        "To look: tunlab exec {peer_node} -- ip -s link show {peer_device}"
    ),
    "why_link_lost": (
        "it left {node} through {device}, both ends are up, yet it did not come in at {peer_device} of {peer_node}; "
        "the kernel gives no reason. Trace once more; if it is lost again, look for drops: "
        "tunlab exec {peer_node} -- ip -s link show {peer_device}"
    ),
    "why_leaves": (
        "it left {node} through {device} ({kind}), and was seen nowhere after that; what happens behind such a device "
        "cannot be asked here"
    ),
    "why_vxlan_no_remote": (
        "{device} of {node} does not know where to send frames for {mac}: it has no remote. To add one: "
        "tunlab exec {node} -- bridge fdb append 00:00:00:00:00:00 dev {device} dst REMOTE"
    ),
    "why_vxlan_no_route": (
        "{device} of {node} wraps it for {remote}, and {node} has no route to {remote}. "
        "To look: tunlab exec {node} -- ip route get {remote}"
    ),
    "why_vxlan_lost": (
        "{device} of {node} wraps it for {remote}, and the wrapped packet was not seen leaving. "
        "Follow such a packet on its own: tunlab trace {node} {remote}"
    ),
    # The program at the far end of a tun or tap.
    "why_program_stopped": (
        "the program at {device} of {node}, {program} (pid {pid}), is stopped, so it reads nothing. "
        "To let it go on: tunlab exec {node} -- kill -CONT {pid}"
    ),
    "why_program_deaf": (
        "the program at {device} of {node}, {program} (pid {pid}), holds the device and does not read it: packets are "
        "waiting in its queue. Is it busy with something else, or waiting for a signal?"
    ),
    "why_program_silent": (
        "the program at {device} of {node}, {program} (pid {pid}), has read it, and sent nothing on. "
        "Its output may say why"
    ),
    "why_program_refused": (
        "the program at {device} of {node}, {program} (pid {pid}), has refused it: it wrote the error that came back"
    ),
    "why_program_lost": (
        "the program at {device} of {node}, {program} (pid {pid}), has read it and written something, which was seen "
        "nowhere. Its output may say where it wrote"
    ),
    "why_program_read": (
        "the program at {device} of {node}, {program} (pid {pid}), has emptied the device's queue, so it has read the "
        "packet; what it made of it, only the program knows"
    ),
    "why_program_unknown": (
        "the packet was handed to the program at {device} of {node}, {program} (pid {pid}); whether it was read, "
        "nobody tells"
    ),
    "why_unknown_program": (
        "some program holds {device} of {node}, and which one is not ours to see; so nobody can say what it made of "
        "the packet"
    ),
    # It came in at a device.
    "why_not_forwarding": (
        "{node} does not forward: {setting} is 0 there, so it keeps only what is for itself. "
        "To change it: tunlab exec {node} -- sysctl -w {setting}=1"
    ),
    "why_own_source": (
        "the packet came in at {device} of {node} with the source address {source}, which is {node}'s own; the kernel "
        "drops such a packet as forged. Give one of the two another address"
    ),
    "why_reverse_path": (
        "{node} drops it by rp_filter: it came in at {device}, but the way back to {source} leads through {other}. "
        "To be less strict: tunlab exec {node} -- sysctl -w net.ipv4.conf.all.rp_filter=2"
    ),
    "why_reverse_path_none": (
        "{node} drops what comes in at {device} by rp_filter: it has no way back to {source}. "
        "To add one: tunlab exec {node} -- ip route add {source} dev {device}"
    ),
    "why_martian_source": (
        "{node} drops it: {source} cannot be the source of a packet that comes in at {device} (a martian). "
        "Send from an address of the sender's own"
    ),
    "why_ttl": (
        "the packet came to {node} with the TTL {ttl}, and a router sends nothing on whose TTL would become 0. "
        "Send it with a larger one"
    ),
    "why_ttl6": (
        "the packet came to {node} with the hop limit {ttl}, and a router sends nothing on whose hop limit would "
        "become 0. Send it with a larger one"
    ),
    "why_other_mac": (
        "the frame is for the MAC address {mac}, and {device} of {node} has {own}; the stack ignores others' frames. "
        "Look at the neighbours of the node that sent it: ip neigh"
    ),
    "why_device_gone": "{device} of {node}, where it was last seen, is no longer there",
    "why_checksum": (
        "{node} has dropped a packet because its {protocol} checksum is wrong. A program that makes or changes packets "
        "must compute their checksums"
    ),
    # A bridge.
    "why_flooded": (
        "the frame is for the MAC address {mac}; the bridge in {node} has not learned at which port that is, so it has "
        "sent it to all, and nobody there has that address. Look at the neighbours of the node that sent it: ip neigh"
    ),
    "why_port_state": (
        "the port {port} of the bridge {bridge} in {node} is in the state {state}, and passes on nothing. "
        "To look: tunlab exec {node} -- bridge link show dev {port}"
    ),
    "why_no_other_port": (
        "the bridge {bridge} in {node} has no other port to send it to. "
        "To add one: tunlab exec {node} -- ip link set DEVICE master {bridge}"
    ),
    "why_hairpin": (
        "the bridge {bridge} in {node} has learned that {mac} is behind {port}, where the frame came from, and never "
        "sends a frame back. To look: tunlab exec {node} -- bridge fdb show br {bridge}"
    ),
    "why_bridge_too_big": (
        "the packet has {size} bytes, and {port}, a port of the bridge {bridge} in {node}, takes at most {mtu} (its "
        "MTU); a bridge drops what is too long and tells nobody. Give all of its ports the same MTU"
    ),
    "why_vlan_filtering": (
        "the bridge {bridge} in {node} filters by VLAN, which may be why it did not pass this on. "
        "To see which port takes which: tunlab exec {node} -- bridge vlan show"
    ),
    "why_unknown_bridge": (
        "the bridge {bridge} in {node} did not pass it on, and the kernel gives no reason. "
        "To look: tunlab exec {node} -- bridge -s link show"
    ),
    # It arrived, and was not answered.
    "why_port_closed": (
        "the packet has arrived, and nobody in {node} listens on {protocol} port {port}. "
        "To see who listens where: tunlab exec {node} -- ss -lntu"
    ),
    "why_port_unread": (
        "the packet has arrived, and waits at {protocol} port {port} of {node}: {program} (pid {pid}) does not read it"
    ),
    "why_port_silent": (
        "the packet has arrived at {protocol} port {port} of {node}, and {program} (pid {pid}) has taken it; "
        "it does not answer"
    ),
    "why_nobody_known_at_port": (
        "the packet has arrived at {protocol} port {port} of {node}; a program listens there that is not ours to see, "
        "and it does not answer"
    ),
    "why_vxlan_number": (
        "the packet has arrived at {node} and is of VXLAN {number}, and no vxlan device there has that id and port "
        "{port}. Both ends must have the same id"
    ),
    "why_encrypted": (
        "it was seen at {device} of {node} encrypted (ESP) and nowhere in clear, so it cannot be followed any further. "
        "In transport mode that is always so; else look at what IPsec counts: "
        "tunlab exec {node} -- cat /proc/net/xfrm_stat"
    ),
    "why_echo_ignored": (
        "the echo request has arrived, and {node} is told not to answer it: {setting} is 1 there. "
        "To change it: tunlab exec {node} -- sysctl -w {setting}=0"
    ),
    "why_port_full": (
        "the packet has arrived, and the buffer at {protocol} port {port} of {node} is full, because {program} "
        "(pid {pid}) does not read; so the kernel has dropped it"
    ),
    "why_unknown_delivered": (
        "it has reached {node}, for which it is, and nothing came of it; the kernel gives no reason. "
        "To look at its counters: tunlab exec {node} -- nstat -az"
    ),
    # Nothing is known.
    "why_unknown": "it was seen in {node} and not after that; the kernel gives no reason",
}
