"""What a check demands, as a sentence."""

from tunlab.i18n import Words
from tunlab.model.checks import AgreeCheck, Check, DeviceCheck, OutputCheck, PacketCheck, PacketFilter


def describe(check: Check, words: Words) -> str:
    """The sentence, in the language of `words`."""
    match check:
        case PacketCheck():
            return words("check_packets", count=check.count, at=check.packets.at, what=_what(check.packets, words))
        case OutputCheck():
            return words("check_output", line=check.line, count=check.count, program=check.program)
        case AgreeCheck():
            return words("check_agree", program=check.program, count=check.count)
        case DeviceCheck():
            return words("check_device", at=check.at)


def _what(packets: PacketFilter, words: Words) -> str:
    parts = [packets.what] if packets.what else []
    parts += [words("what_bytes", length=packets.length)] if packets.length else []
    return ", ".join((*parts, words(f"what_{packets.direction}")))
