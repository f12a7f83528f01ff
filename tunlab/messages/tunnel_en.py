"""The sentences in English of tunnel."""

SENTENCES: dict[str, str] = {
    "help_tunnel": "Be the endpoint of a VPN: what the stack sends to a tun device goes to the peer in UDP, and back.",
    "help_tunnel_device": "The tun device: one that is there is joined, else it is made.",
    "help_tunnel_local": "Where this end is on the underlay; IPv6 as [ADDRESS]:PORT.",
    "help_tunnel_peer": "Where the other end is. Nobody else is listened to; "
    "with --mode encrypted it is followed when it moves.",
    "help_tunnel_address": "Give the device this address and bring it up, such as 192.168.1.2/24. "
    "Without this and --mtu the device stays as it is.",
    "help_tunnel_mode": "plain: each datagram is one whole packet; compressed: shorter, where that works; "
    "encrypted: nobody else can read or write it, with --key-file and --peer-key.",
    "help_tunnel_key_file": "Our own private key, which `tunlab tunnel keygen` has made.",
    "help_tunnel_peer_key": "The peer's public key, which keygen has printed there: nobody else is believed.",
    "help_tunnel_rekey": "Agree on new keys every so many seconds.",
    "help_keygen": "Make a private key in a file that only you may read; print its public key for the other end.",
    "help_pubkey": "Print the public key of a private one.",
    "help_argument_key_file": "The file of the private key.",
    "tunnel_keys_wanted": "--mode encrypted needs --key-file and --peer-key: `tunlab tunnel keygen FILE` makes a key "
    "and prints what the other end wants as --peer-key",
    "tunnel_keys_unused": "--key-file and --peer-key are for --mode encrypted; "
    "with --mode {mode} nothing would be encrypted",
    "tunnel_own_key": "--peer-key is the public key of {path} itself: each end has a key of its own",
    "tunnel_bad_peer_key": "--peer-key {text}: that is no public key; write the 44 characters that `tunlab tunnel "
    "keygen` or `tunlab tunnel pubkey` has printed at the other end",
    "tunnel_key_there": "{path} is there already, and a key is never overwritten: `tunlab tunnel pubkey` shows its "
    "public key, another file takes a new one",
    "tunnel_key_unwritten": "{path}: the key cannot be written: {reason}",
    "tunnel_key_unread": "{path}: the key cannot be read: {reason}",
    "tunnel_key_none": "{path}: that is no private key of the curve P-256 without a passphrase; `tunlab tunnel keygen` "
    "makes one",
    "tunnel_key_open": "{path} has mode {mode}: a private key must belong to you and be readable by nobody else; "
    "chmod 600, or make a new one if it may have been read",
    "help_tunnel_path": "fast: many packets in a system call; simple: one packet read, one datagram sent. On the wire "
    "they are the same: one packet a datagram.",
    "help_tunnel_mtu": "The device's MTU. With --address, and without this: what the path to the peer takes, "
    "less the headers around a packet.",
    "help_tunnel_receive_buffer": "Room for datagrams that wait to be read; the kernel may grant less.",
    "help_tunnel_stats": "Print the counters every so many seconds.",
    "help_tunnel_json": "Write a line of JSON when it is open, each time that --stats asks for, and at the end.",
    "tunnel_bad_place": "{option} {text}: write ADDRESS:PORT, such as 192.0.2.1:8285 or [2001:db8::1]:8285",
    "tunnel_bad_address": "--address {text}: write an address with its prefix length, such as 192.168.1.2/24",
    "tunnel_two_families": "--local {local} and --peer {peer} must both be IPv4, or both IPv6",
    "tunnel_device_gone": "the device {device} was deleted; with it ends its endpoint",
    "tunnel_device_down": "the device {device} went down, so the stack has no use for its endpoint any more; "
    "bring it up and start this again",
    "tunnel_half_ended": "the process that receives has ended, with status {code}; start the endpoint again",
    "remedy_no_address": "no device of this namespace has that address; see `ip addr`",
    "remedy_port_taken": "another program has that port; see who with `ss -ulnp`",
    "remedy_ipv6_off": "IPv6 is switched off on that device, by net.ipv6.conf.*.disable_ipv6",
    "remedy_mtu": "an MTU is 68 or more; for an IPv6 address 1280 or more",
    # while it runs
    "tunnel_open": "Open tun/tap device: {device} for a tunnel to {peer}...",
    "tunnel_buffer": "Receive buffer: {granted} of {asked} bytes; packets up to {mtu} bytes go in one datagram",
    "tunnel_agreed": "Keys agreed on with {peer}",
    "tunnel_replayed": "a record from {peer} had come before: refused, for it may have been replayed (said once, "
    "counted each time)",
    "tunnel_wrong_key": "whoever answers at {peer} has another key than --peer-key; nothing is sent to it (said once, "
    "counted each time)",
    "tunnel_fast": "Fast path: the kernel helps with {offloads}",
    "tunnel_lacking": "; it does not know {offloads}",
    "tunnel_without": "on the way to the peer the kernel does no {offload}: packets are sent one by one",
    "tunnel_nothing_hidden": "{mode} mode encrypts nothing: whoever is on the way to the peer can read, change and "
    "invent packets",
    "tunnel_too_big": "a packet at {device} was too big for the path to the peer, which takes {room} bytes; its sender "
    "is told by ICMP, or it goes in fragments (said once, counted always)",
    "tunnel_counters": "{read} read ({read_bytes} bytes), {sent} sent; {received} received ({received_bytes} bytes), "
    "{written} written",
    "tunnel_counters_more": "{line}; {rest}",
    "tunnel_counters_and": ", ",
    "tunnel_count_sent_in_fragments": "{count} sent in fragments",
    "tunnel_count_too_big": "{count} too big",
    "tunnel_count_too_big_told": "{count} answered by ICMP",
    "tunnel_count_peer_closed": "{count} {count:time|times} the peer's port was closed",
    "tunnel_count_unreachable": "{count} {count:time|times} the peer was unreachable",
    "tunnel_count_send_full": "{count} not sent for want of room",
    "tunnel_count_send_failed": "{count} not sent",
    "tunnel_count_no_key": "{count} not sent for want of a key",
    "tunnel_count_frame": "{count} that did not decompress",
    "tunnel_count_handshake": "{count} of handshakes",
    "tunnel_count_no_session": "{count} of no session",
    "tunnel_count_unauthentic": "{count} not authentic",
    "tunnel_count_replayed": "{count} replayed",
    "tunnel_count_handshakes": "{count} {count:handshake|handshakes} done",
    "tunnel_count_handshakes_failed": "{count} {count:handshake|handshakes} failed",
    "tunnel_count_wrong_key": "{count} {count:time|times} a wrong key",
    "tunnel_count_alerts": "{count} {count:alert|alerts} that anybody may have written",
    "tunnel_count_hellos_dropped": "{count} {count:handshake|handshakes} not begun: too many",
    "tunnel_count_moved": "{count} {count:time|times} the peer was followed",
    "tunnel_count_empty": "{count} empty",
    "tunnel_count_version": "{count} of no IP version",
    "tunnel_count_header_length": "{count} with a wrong header length",
    "tunnel_count_total_length": "{count} with a wrong total length",
    "tunnel_count_checksum": "{count} with a wrong header checksum",
    "tunnel_count_device_down": "{count} not written because the device is down",
    "tunnel_count_write_full": "{count} not written for want of room",
    "tunnel_count_write_refused": "{count} not written because the kernel refused",
    "tunnel_count_foreign": "{count} from others than the peer",
    "tunnel_count_overflow": "{count} lost to a full receive buffer",
}
