"""The only place that touches Linux: namespaces, netlink, tun/tap, sockets, procfs, processes."""
