"""Why a packet that went out at a tun or tap came no further: what its program did."""

from tunlab.engine.scene import program_name
from tunlab.engine.trace.asking import Asking
from tunlab.engine.trace.last_seen import LastSeen
from tunlab.engine.trace.why_device import not_usable
from tunlab.kernel import far_reader, procfs
from tunlab.kernel.link_state import LinkState
from tunlab.model.trace import Reason


def not_passed_on(ask: Asking, last: LastSeen, link: LinkState) -> Reason:
    """What is known of the far end's program, from its reports and from its queue."""
    expected = ask.place(link.name, "read")
    here = (("node", ask.node), ("device", link.name))
    holders = list(procfs.tun_holders(link.name, ask.namespace))
    if not holders:
        reason = not_usable(ask, link) or Reason("why_unknown_program", values=here)
        return Reason(reason.key, expected, reason.values)
    holder = holders[0]
    who = (*here, ("program", _name(last, holder)), ("pid", str(holder.pid)))
    if last.refused_here:
        return Reason("why_program_refused", values=who)
    ours = next((each for each in last.programs if each.reports), None)
    if ours is not None and ours.read:
        return Reason("why_program_lost" if ours.wrote else "why_program_silent", values=who)
    if far_reader.is_stopped(holder.pid):
        return Reason("why_program_stopped", expected, who)
    unread = [far_reader.has_unread(each) for each in holders]
    if any(unread):
        return Reason("why_program_deaf", expected, who)
    if None not in unread and ours is None:
        return Reason("why_program_read", values=who)
    return Reason("why_program_unknown", values=who)


def _name(last: LastSeen, holder: procfs.TunHolder) -> str:
    known = next((each.name for each in last.programs if each.pid == holder.pid), "")
    return known or program_name(holder.command) or "?"
