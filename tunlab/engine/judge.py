"""Judges a check on what the log holds and on the kernel's state now."""

import re
from dataclasses import dataclass, replace

from tunlab.engine.stage import Stage
from tunlab.model.checks import AgreeCheck, Check, DeviceCheck, OutputCheck, PacketCheck, expects_absence
from tunlab.model.events import CheckJudged, DeviceSeen, PacketSeen
from tunlab.model.lab import Step

_FIELD = re.compile(r"\{(\w+)\.(\w+)\}")


@dataclass(frozen=True, slots=True)
class Judgement:
    """A check's result, and the length in bytes that all the packets meant had (None: none, or several)."""

    result: CheckJudged
    length: int | None = None


def judge(stage: Stage, step: Step) -> list[Judgement]:
    """Judge all checks of a step.

    That something did *not* happen passes only beside something that did: without it, silence could have
    any cause.
    """
    stage.packets.drain_all()
    judged = {check.id: _judge(stage, step.id, check) for check in step.checks}
    happened = any(judged[check.id].result.status == "pass" for check in step.checks if not expects_absence(check))
    return [
        _without_control(judged[check.id]) if expects_absence(check) and not happened else judged[check.id]
        for check in step.checks
    ]


def _judge(stage: Stage, step: str, check: Check) -> Judgement:
    match check:
        case PacketCheck():
            found = stage.evidence.packets(step, check.packets)
            lost = check.packets.seen_by == "capture" and stage.dropped() > 0
            return _counted(step, check, check.count, len(found), _one_length(found), lost)
        case OutputCheck():
            lines = [line for line in stage.evidence.lines(step, check.program) if check.line in line]
            return _counted(step, check, check.count, len(lines))
        case AgreeCheck():
            return _counted(step, check, check.count, _agreeing(stage, step, check))
        case DeviceCheck():
            return _device(stage, step, check)


def _counted(
    step: str, check: Check, expected: int, actual: int, length: int | None = None, lost: bool = False
) -> Judgement:
    status, reason = ("pass", None) if actual == expected else ("fail", None)
    if lost:  # the count that was seen says nothing, be it right or wrong
        status, reason = "unknown", "capture_dropped"
    return Judgement(CheckJudged(step, check.id, check.claims, status, str(expected), str(actual), reason), length)


def _without_control(judgement: Judgement) -> Judgement:
    if judgement.result.status != "pass":
        return judgement
    return replace(judgement, result=replace(judgement.result, status="fail", reason="nothing_else_happened"))


def _one_length(packets: list[PacketSeen]) -> int | None:
    lengths = {packet.length for packet in packets}
    return lengths.pop() if len(lengths) == 1 else None


def _agreeing(stage: Stage, step: str, check: AgreeCheck) -> int:
    lines = stage.evidence.lines(step, check.program)
    packets = stage.evidence.packets(step, check.packets)
    return sum(any(_filled(check.line, packet) in line for line in lines) for packet in packets)


def _filled(line: str, packet: PacketSeen) -> str:
    values = {(layer.name, field.name): field.value for layer in packet.layers for field in layer.fields}

    def value(found: re.Match[str]) -> str:
        text = values.get((found[1], found[2]), found[0])
        return str(int(text, 16)) if text.startswith("0x") else text  # programs print numbers in decimal

    return _FIELD.sub(value, line)


def _device(stage: Stage, step: str, check: DeviceCheck) -> Judgement:
    stage.devices.look(check.at)
    seen = stage.evidence.device(check.at)
    status = "pass" if seen is not None and _as_expected(seen, check) else "fail"
    actual = "-" if seen is None else _told(check, seen)
    return Judgement(CheckJudged(step, check.id, check.claims, status, _expected(check), actual))


def _as_expected(seen: DeviceSeen, check: DeviceCheck) -> bool:
    return (
        set(check.flags) <= set(seen.flags)
        and not set(check.without) & set(seen.flags)
        and check.state in (None, seen.state)
        and (check.address is None or check.address in seen.addresses)
        and check.addresses in (None, len(seen.addresses))
        and (check.holder is None or check.holder in {holder.program for holder in seen.holders})
    )


def _expected(check: DeviceCheck) -> str:
    words = [*check.flags, *(f"no {flag}" for flag in check.without)]
    words += [f"state {check.state}"] if check.state else []
    words += [check.address] if check.address else []
    words += [f"addresses {check.addresses}"] if check.addresses is not None else []
    words += [f"held by {check.holder}"] if check.holder else []
    return ", ".join(words)


def _told(check: DeviceCheck, seen: DeviceSeen) -> str:
    words = list(seen.flags) if check.flags or check.without else []
    words += [f"state {seen.state}"] if check.state else []
    words += seen.addresses if check.address else []
    words += [f"addresses {len(seen.addresses)}"] if check.addresses is not None else []
    words += [f"held by {holder.program or holder.command}" for holder in seen.holders] if check.holder else []
    return ", ".join(words) or "-"
