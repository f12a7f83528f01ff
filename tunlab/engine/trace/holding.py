"""Which program holds the far end of which tun or tap device."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from tunlab.engine.scene import program_name
from tunlab.kernel.procfs import every_tun_holder


@dataclass(frozen=True, slots=True)
class Holder:
    program: str
    pid: int


def holders(nodes: Mapping[str, int]) -> dict[tuple[str, str], Holder]:
    """By node and device, the first one of each."""
    names = {os.fstat(descriptor).st_ino: name for name, descriptor in nodes.items()}
    found: dict[tuple[str, str], Holder] = {}
    for namespace, device, holder in every_tun_holder():
        if namespace in names:
            found.setdefault((names[namespace], device), Holder(program_name(holder.command) or "?", holder.pid))
    return found
