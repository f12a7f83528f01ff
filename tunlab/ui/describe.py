"""What a check demands, as a sentence."""

from collections.abc import Iterator

from tunlab.i18n import Words
from tunlab.model.checks import (
    AgreeCheck,
    Check,
    CounterCheck,
    Counting,
    CrossingsCheck,
    DeviceCheck,
    FieldCheck,
    LengthCheck,
    OutputCheck,
    PacketCheck,
    PacketFilter,
    PrintedCheck,
    RatioCheck,
    TracedCheck,
)
from tunlab.ui.trace_words import place


def describe(check: Check, words: Words) -> str:
    """The sentence, in the language of `words`."""
    match check:
        case PacketCheck(packets=packets):
            told = "each" if check.each else "packets"
            key = f"check_{told}_{packets.direction}"
            return words(key, at=packets.at, amount=_amount(check, words), what=_what(packets, words))
        case LengthCheck(packets=packets):
            key = f"check_length_{packets.direction}"
            return words(key, at=packets.at, bytes=check.bytes, what=_what(packets, words))
        case FieldCheck(packets=packets):
            key = f"check_field_{packets.direction}"
            return words(key, at=packets.at, field=check.field, value=check.value, what=_what(packets, words))
        case RatioCheck():
            return words(f"check_ratio_{check.of}", more=check.more, less=check.less, count=check.count)
        case CrossingsCheck():
            return words(f"check_crossings_{check.way}", node=check.node, count=check.count)
        case CounterCheck():
            return words("check_counters", at=check.at, counter=check.counter, amount=_amount(check, words))
        case OutputCheck(program=None):
            return words("check_output_anyone", line=check.line, amount=_amount(check, words))
        case OutputCheck():
            return words("check_output", line=check.line, amount=_amount(check, words), program=check.program)
        case PrintedCheck():
            line = check.line.replace("{value}", check.value)
            if check.program is None:
                return words("check_printed_anyone", line=line)
            return words("check_printed", line=line, program=check.program)
        case AgreeCheck():
            return words("check_agree", program=check.program, amount=_amount(check, words))
        case TracedCheck():
            return words("check_and").join(_end(check, words))
        case DeviceCheck():
            return words("check_device", at=check.at, demanded=words("check_and").join(_demanded(check, words)))


def _end(check: TracedCheck, words: Words) -> Iterator[str]:
    if check.state:
        yield words(f"check_traced_{check.state}")
    if check.last:
        yield words("check_traced_last", place=place(check.last, words))
    if check.why:
        yield words("check_traced_why", why=check.why)


def _amount(check: Counting, words: Words) -> str:
    return words("amount_at_least" if check.at_least else "amount_exactly", count=check.count)


def _what(packets: PacketFilter, words: Words) -> str:
    parts = (
        words("what_bytes", length=packets.length) if packets.length else "",
        words("what_data", data=packets.data) if packets.data else "",
        words("what_text", text=packets.text) if packets.text else "",
        words("what_summary", what=packets.what) if packets.what else "",
        words("what_program", program=packets.program) if packets.program else "",
    )
    return "".join(parts)


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
    if check.holders is not None:
        yield words("device_holders", count=check.holders)
    if check.peer:
        yield words("device_peer", peer=check.peer)
    if check.link:
        yield f"link/{check.link}"
    if check.mtu is not None:
        yield f"mtu {check.mtu}"
    if check.gone:
        yield words("device_no_more")
