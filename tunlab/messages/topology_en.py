"""What is wrong in a topology, and what to do, in English."""

SENTENCES: dict[str, str] = {
    # The file.
    "topology_file_missing": "there is no such file; write the path of a topology's file",
    "topology_file_empty": "is empty; begin with 'name:' and 'topology:'",
    "topology_is_lab": "is a lab, not a topology; find its mistakes with: tunlab lab lint {folder}",
    "topology_bad_name": "'{value}' cannot be a topology's name; use letters, digits, '.', '_' and '-', 64 at most",
    # What containerlab has, and a network namespace has not.
    "topology_foreign": (
        "containerlab's '{name}' means nothing here, where a node is a network namespace and no container; delete it"
    ),
    "topology_outside": (
        "containerlab's '{name}' leads out of the topology, where nothing is touched; link two nodes, "
        "or write a device under 'devices' of one"
    ),
    # Names.
    "topology_lo": "every node has its 'lo' already; choose another name",
    "topology_is_device": (
        "{endpoint} is a device of the node already, from line {first}; a link makes its ends itself: rename one"
    ),
    "topology_unknown_device": "node '{node}' has no device '{name}'; its devices: {known}",
    "topology_unknown_device_meant": "node '{node}' has no device '{name}'; did you mean '{meant}'?",
    "topology_bad_variable": "'{name}' cannot be a variable's name; use letters, digits and '_'",
    "topology_bad_user": "'{value}' is no user; write a name, or a number",
    "topology_bad_command": "'{value}' is no command; close every quotation mark, and write at least one word",
    # Addresses.
    "topology_bad_mac": "'{value}' is no MAC address of a device; write one as in 02:00:00:00:00:01",
    "topology_mac_multicast": (
        "{value} stands for many devices, since its first byte is odd; give the device one of its own, such as {meant}"
    ),
    "topology_no_mac": "a {kind} device has no MAC address: its packets begin with the IP header; delete 'mac'",
    "topology_mac_below": "an ipvlan device has the MAC address of the device below it; delete 'mac'",
    "topology_family": "{value} does not belong under '{field}'; write it under '{other}'",
    "topology_address_special": (
        "{value} cannot be a device's own address: it is a multicast, loopback or unspecified one; take another"
    ),
    "topology_address_network": "{value} is the address of the network itself; take a host's, such as {meant}",
    "topology_address_broadcast": "{value} is the broadcast address of its network; take a host's, such as {meant}",
    "topology_address_twice": (
        "{address} is already the address of {place}, in line {first}; take another "
        "(only as a /32 or /128 may it stand in several places)"
    ),
    "topology_two_addresses": "'{field}' of a link has {count} addresses; write one for each of its 2 ends",
    "topology_addresses_here_and_there": (
        "'{field}' stands with the link and with its end; keep it with the ends, which may have several each"
    ),
    # Devices.
    "topology_master_tun": (
        "a tun device cannot be the port of a bridge: its packets have no Ethernet header, and the kernel answers "
        "EINVAL; make it a tap, or route to it"
    ),
    "topology_master_kind": "the kernel takes no {kind} device for the port of a bridge; delete 'master'",
    "topology_not_bridge": "'{name}' cannot be a master: it is a {kind} device, and only a bridge has ports",
    "topology_no_link_layer": (
        "a {kind} device cannot lie on '{name}', a {lower} device: its packets have no Ethernet header; choose another"
    ),
    "topology_circle": "these devices lie on one another in a circle: {path}; take one of them out of it",
    "topology_which_bridge": (
        "node '{node}' has several bridges ({known}); write this end as a mapping, with its 'master'"
    ),
    "topology_mtu_ipv6": "with an MTU of {value} there is no IPv6 on a device; write {least} or more, or delete 'ipv6'",
    "topology_held_by_nobody": "a device that does not persist needs a 'program' that holds it; add one or delete this",
    "topology_program_decides": (
        "the program makes this device and decides on '{field}' itself; delete it, or write 'persistent: true' too"
    ),
    "topology_program_of_tap": (
        "'{name}' reads Ethernet frames and so stands behind a tap device, not a tun; start another with 'words: [...]'"
    ),
    "topology_program_of_tun": (
        "'{name}' reads IP packets and so stands behind a tun device, not a tap; start another with 'words: [...]'"
    ),
    "topology_arguments_of_words": "'arguments' belong to a 'module'; put them at the end of 'words'",
    "topology_remote_and_group": "a vxlan device has either a 'remote' or a 'group'; keep one of them",
    "topology_remote_is_group": "{value} is a multicast address; write it as 'group', and add 'dev'",
    "topology_group_is_remote": "{value} is no multicast address; write it as 'remote'",
    "topology_group_needs_dev": "a 'group' needs the device that it is reached through; add 'dev'",
    "topology_outer_ipv4": "'{field}' must be an IPv4 address here, not {value}",
    "topology_default_prefix": "wireguard knows no 'default'; write 0.0.0.0/0 or ::/0",
    "topology_bad_key": "'{field}' is no key of wireguard; write what `wg genkey` or `wg pubkey` prints",
    "topology_bad_peer": (
        "'{value}' is no place of a peer; write ADDRESS:PORT, as in 192.0.2.2:51820 or [2001:db8::2]:51820"
    ),
    # Links.
    "topology_bad_time": (
        "'{field}' must be a time up to an hour with its unit, as in 10ms, 2.5s or 500us, not '{value}'"
    ),
    "topology_bad_rate": (
        "'{field}' must be a rate from 1kbit to 1000gbit with its unit, as in 10mbit or 500kbit, not '{value}'"
    ),
    "topology_bad_percent": "'{field}' must be from 0% to 100%, not '{value}'",
    "topology_needs_delay": "'{field}' means nothing without a 'delay'; add one",
    "topology_jitter": "'jitter' is larger than 'delay', and no packet arrives before it was sent; make it smaller",
    # tunlab validate
    "help_validate": "Find every mistake in a topology's file, without starting it.",
    "help_argument_topology": "A topology's file.",
    "help_validate_json": "Write a line of JSON for each mistake: file, line, problem.",
    "help_validate_schema": "Print the JSON Schema of such files, for an editor, and exit.",
    "validate_fine": "{file}: no mistakes found: {nodes} {nodes:node|nodes}, {links} {links:link|links}",
}
