"""What goes wrong while a topology is made, in English."""

SENTENCES: dict[str, str] = {
    "no_device_kind": (
        "{endpoint} cannot be made: this kernel has no '{kind}' devices; load the module first, as root: "
        "modprobe {module}"
    ),
    "no_queue_kind": (
        "{endpoint} cannot be slowed down or disturbed: this kernel has no '{kind}'; load the module first, as root: "
        "modprobe {module}"
    ),
    "unknown_user": "{endpoint} is to belong to '{user}', and this machine has no such user; write another owner",
    "remedy_not_made": "its program has not made it, and counts as ready; look at its 'ready', "
    "or at the name that it gives its device",
    "remedy_vlan_filtering": "this kernel was built without it (CONFIG_BRIDGE_VLAN_FILTERING); delete vlan_filtering",
    "too_many_nodes": "so many nodes need {files} open files, and a process may have {most}; take fewer nodes, "
    "or raise the limit as root: ulimit -n {files}",
}
