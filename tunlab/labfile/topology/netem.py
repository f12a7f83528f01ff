"""The `netem` of a link: delay, loss and the like, with the units of tc-netem(8)."""

from tunlab.labfile.cursor import Value, if_there
from tunlab.labfile.topology import keys
from tunlab.labfile.topology.scalars import microseconds, percent
from tunlab.model.topology import Netem

_SHARES = ("loss", "duplicate", "reorder", "corrupt")
_MOST_PACKETS = 1_000_000


def read_netem(value: Value) -> Netem:
    """What the link does to packets, at least one thing."""
    fields = value.fields((), keys.NETEM)
    delay, jitter = (if_there(fields.get(key), microseconds) or 0 for key in ("delay", "jitter"))
    loss, duplicate, reorder, corrupt = (if_there(fields.get(key), percent) or 0 for key in _SHARES)
    limit = if_there(fields.get("limit"), lambda packets: packets.integer(1, _MOST_PACKETS))
    for key in ("jitter", "reorder"):
        if key in fields and not delay:
            raise fields[key].error("topology_needs_delay", field=key)
    if jitter > delay:
        raise fields["jitter"].error("topology_jitter")
    return Netem(delay, jitter, loss, duplicate, reorder, corrupt, limit)
