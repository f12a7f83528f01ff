"""Judges a check on what the log holds and on the kernel's state now."""

import re
from collections import Counter
from dataclasses import dataclass, replace

from tunlab.engine import device_check
from tunlab.engine.stage import Stage
from tunlab.kernel import probe
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
    PrintedCheck,
    RatioCheck,
    TracedCheck,
    expected_value,
    expects_absence,
)
from tunlab.model.events import CheckJudged, Measured, PacketSeen
from tunlab.model.lab import Step
from tunlab.model.trace import Outcome, crossings

_FIELD = re.compile(r"\{(\w+)\.(\w+)\}")


@dataclass(frozen=True, slots=True)
class Judgement:
    """A check's result, and the length in bytes that all the packets meant had (None: none, or several).

    `value` is what was measured, as a prediction is held against it; None where nothing was, or several things.
    `outcome` is the same of a packet that was traced, as prose tells it.
    """

    result: CheckJudged
    length: int | None = None
    value: str | None = None
    outcome: Outcome | None = None

    def told(self) -> str | Outcome:
        """What prose tells of it."""
        return self.outcome or (self.result.actual if self.value is None else self.value)


def judge(stage: Stage, step: Step) -> list[Judgement]:
    """Judge all checks of a step.

    That something did *not* happen passes only beside something that did: without it, silence could have
    any cause.
    """
    stage.packets.drain_all()
    judged = {check.id: _judge(stage, step.id, check) for check in step.checks}
    judged |= {check.id: _skipped(step.id, check) for check in step.checks if _is_too_new(step, check)}
    controls = {judged[check.id].result.status for check in step.checks if not expects_absence(check)}
    return [
        _without_control(judged[check.id], controls) if expects_absence(check) else judged[check.id]
        for check in step.checks
    ]


def _is_too_new(step: Step, check: Check) -> bool:
    return check.id in step.since and probe.older_than(step.since[check.id])


def _skipped(step: str, check: Check) -> Judgement:
    return Judgement(CheckJudged(step, check.id, check.claims, "skipped", "", "", "older_kernel"))


def _judge(stage: Stage, step: str, check: Check) -> Judgement:
    match check:
        case PacketCheck():
            found = stage.evidence.packets(step, check.packets)
            count = _fewest(stage, check, found) if check.each else len(found)
            return _counted(step, check, count, _one_length(found), _lost(stage, step, check))
        case LengthCheck():
            found = stage.evidence.packets(step, check.packets)
            length = str(found[-1].length) if found else None
            return _compared(step, check, str(check.bytes), length, _lost(stage, step, check))
        case FieldCheck():
            found = stage.evidence.packets(step, check.packets)
            value = found[-1].fields().get(check.field) if found else None
            return _compared(step, check, check.value, value, _lost(stage, step, check))
        case RatioCheck():
            return _counted(step, check, _ratio(stage.evidence.measured(step), check))
        case CrossingsCheck():
            hops = stage.evidence.hops(step)
            return _counted(step, check, crossings(hops, check.node, check.way) if hops else None)
        case CounterCheck():
            return _counted(step, check, stage.devices.growth(check.at, check.counter))
        case OutputCheck():
            lines = [line for line in stage.evidence.lines(step, check.program) if check.line in line]
            return _counted(step, check, len(lines))
        case PrintedCheck():
            return _compared(step, check, check.value, _printed(stage.evidence.lines(step, check.program), check.line))
        case AgreeCheck():
            return _counted(step, check, _agreeing(stage, step, check), lost=_lost(stage, step, check))
        case DeviceCheck():
            return _device(stage, step, check)
        case TracedCheck():
            return _traced(stage, step, check)


def _counted(
    step: str, check: Counting, actual: int | None, length: int | None = None, lost: bool = False
) -> Judgement:
    """`actual` None: there was nothing that could be counted."""
    expected = f">= {check.count}" if check.at_least else str(check.count)
    enough = actual is not None and (actual >= check.count if check.at_least else actual == check.count)
    value = None if actual is None else str(actual)
    return _judged(step, check, expected, value, enough, lost, length)


def _compared(step: str, check: Check, expected: str, actual: str | None, lost: bool = False) -> Judgement:
    return _judged(step, check, expected, actual, actual == expected, lost)


def _judged(
    step: str, check: Check, expected: str, value: str | None, fine: bool, lost: bool, length: int | None = None
) -> Judgement:
    status, reason = "pass" if fine else "fail", None
    if lost:  # what was seen says nothing, be it right or wrong
        status, reason = "unknown", "capture_dropped"
    result = CheckJudged(step, check.id, check.claims, status, expected, "-" if value is None else value, reason)
    return Judgement(result, length, None if lost else value)


def _lost(stage: Stage, step: str, check: PacketCheck | LengthCheck | AgreeCheck | FieldCheck) -> bool:
    """Whether the capture lost packets that the check may have meant: of what a C program read, it alone has bytes."""
    if stage.dropped() == 0:
        return False
    anything = replace(check.packets, length=None, what=None, data=None, text=None)
    blank = any(not packet.data for packet in stage.evidence.packets(step, anything))
    return check.packets.seen_by == "capture" or (blank and check.packets != anything)


def _fewest(stage: Stage, check: PacketCheck, found: list[PacketSeen]) -> int:
    """How many of the packets were told of by the program that told of the fewest."""
    stage.devices.look(check.packets.at)
    device = stage.evidence.device(check.packets.at)
    told = Counter(packet.program for packet in found)
    silent = device is None or len(device.holders) > len(told)
    return 0 if silent or not told else min(told.values())


def _printed(lines: list[str], pattern: str) -> str | None:
    """What stands in the gap of the last line that is like the pattern."""
    before, _, after = pattern.partition("{value}")
    like = re.compile(re.escape(before) + "(.+?)" + (re.escape(after) if after else "$"))
    values = [found[1].strip() for line in lines if (found := like.search(line))]
    return values[-1] if values else None


def _without_control(judgement: Judgement, controls: set[str]) -> Judgement:
    """What is left of an absence, given how the positive checks beside it ended."""
    if judgement.result.status != "pass" or "pass" in controls:
        return judgement
    unknown = "unknown" in controls
    status, reason = ("unknown", "capture_dropped") if unknown else ("fail", "nothing_else_happened")
    return replace(judgement, result=replace(judgement.result, status=status, reason=reason))


def _one_length(packets: list[PacketSeen]) -> int | None:
    lengths = {packet.length for packet in packets}
    return lengths.pop() if len(lengths) == 1 else None


def _agreeing(stage: Stage, step: str, check: AgreeCheck) -> int:
    lines = stage.evidence.lines(step, check.program)
    packets = stage.evidence.packets(step, check.packets)
    return sum(any(_filled(check.line, packet) in line for line in lines) for packet in packets)


def _filled(line: str, packet: PacketSeen) -> str:
    values = packet.fields()
    return _FIELD.sub(lambda found: values.get(found[0][1:-1], found[0]), line)


def _traced(stage: Stage, step: str, check: TracedCheck) -> Judgement:
    end = stage.evidence.traced(step)
    expected = ", ".join(check.demands())
    if end is None:
        return _judged(step, check, expected, None, False, False)
    reason = end.why.key.removeprefix("why_") if end.why else None
    found = replace(
        check,
        state=None if check.state is None else end.state,
        last=None if check.last is None else end.last or "-",
        why=None if check.why is None else reason or "-",
    )
    outcome = Outcome(found.state, found.last, None if check.why is None else end.why)
    judged = _judged(step, check, expected, ", ".join(found.demands()), found == check, False)
    return replace(judged, value=judged.value if expected_value(check) else None, outcome=outcome)


def _ratio(measured: dict[str, Measured], check: RatioCheck) -> int | None:
    """In whole numbers; None where one of the two was not measured, or is nothing."""
    if check.more not in measured or check.less not in measured:
        return None
    values = [
        each.bits_per_second if check.of == "throughput" else each.us_median
        for each in (measured[check.more], measured[check.less])
    ]
    return int(values[0] // values[1]) if values[1] else None


def _device(stage: Stage, step: str, check: DeviceCheck) -> Judgement:
    stage.devices.look(check.at)
    seen = stage.evidence.device(check.at)
    if check.gone:
        left = "gone" if stage.devices.was_there(check.at) else None
        return _compared(step, check, "gone", left if seen is None else device_check.up_or_down(seen))
    status = "pass" if seen is not None and device_check.as_expected(seen, check) else "fail"
    actual = "-" if seen is None else device_check.told(check, seen)
    value = None if seen is None else device_check.value(check, seen)
    return Judgement(
        CheckJudged(step, check.id, check.claims, status, device_check.expected(check), actual), value=value
    )
