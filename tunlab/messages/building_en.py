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
}
