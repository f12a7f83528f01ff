"""What a check demands, as a sentence."""

from tunlab.i18n import Words
from tunlab.model.checks import AgreeCheck, Check, DeviceCheck, OutputCheck, PacketCheck, PacketFilter


def describe(check: Check, expected: str, words: Words) -> str:
    """The sentence, in the language of `words`; `expected` is the check's own word for what it demands."""
    match check:
        case PacketCheck(packets=packets, count=count):
            key = f"check_packets_{packets.direction}"
            return words(key, at=packets.at, count=count, what=_what(packets, words))
        case OutputCheck():
            return words("check_output", line=check.line, count=check.count, program=check.program)
        case AgreeCheck():
            return words("check_agree", program=check.program, count=check.count)
        case DeviceCheck():
            return words("check_device", at=check.at, expected=expected)


def _what(packets: PacketFilter, words: Words) -> str:
    length = words("what_bytes", length=packets.length) if packets.length else ""
    return length + (words("what_summary", what=packets.what) if packets.what else "")
