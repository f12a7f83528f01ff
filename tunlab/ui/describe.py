"""What a check demands, as a sentence."""

from collections.abc import Iterator

from tunlab.i18n import Words
from tunlab.model.checks import AgreeCheck, Check, DeviceCheck, OutputCheck, PacketCheck, PacketFilter


def describe(check: Check, words: Words) -> str:
    """The sentence, in the language of `words`."""
    match check:
        case PacketCheck(packets=packets, count=count):
            key = f"check_packets_{packets.direction}"
            return words(key, at=packets.at, count=count, what=_what(packets, words))
        case OutputCheck():
            return words("check_output", line=check.line, count=check.count, program=check.program)
        case AgreeCheck():
            return words("check_agree", program=check.program, count=check.count)
        case DeviceCheck():
            return words("check_device", at=check.at, demanded=", ".join(_demanded(check, words)))


def _what(packets: PacketFilter, words: Words) -> str:
    length = words("what_bytes", length=packets.length) if packets.length else ""
    return length + (words("what_summary", what=packets.what) if packets.what else "")


def _demanded(check: DeviceCheck, words: Words) -> Iterator[str]:
    yield from check.flags
    yield from (words("device_without", flag=flag) for flag in check.without)
    if check.state:
        yield words("device_state", state=check.state)
    if check.address:
        yield check.address
    if check.addresses is not None:
        yield words("device_addresses", count=check.addresses)
    if check.holder:
        yield words("device_held", program=check.holder)
