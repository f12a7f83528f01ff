"""`lab prove` and `lab lint` as lines of text."""

from tunlab.i18n import Words
from tunlab.model.events import Entry, LabProved, StepProved


def told(entry: Entry, words: Words) -> list[str]:
    """The lines for an entry of a proof's log; none for what happens on the way."""
    match entry.what:
        case StepProved() as proof:
            return _step(proof, words)
        case LabProved(state, left):
            lines = [words("prove_left", left=", ".join(left))] if left else []
            return [*lines, words("prove_done" if state == "proved" else "prove_failed", lab=entry.lab)]
    return []


def _step(proof: StepProved, words: Words) -> list[str]:
    if proof.state == "skipped":
        return [words("prove_skipped", step=proof.step, reason=words(proof.reason or ""))]
    return [
        words(
            "prove_step",
            step=proof.step,
            total=proof.checks,
            before=proof.failed_before,
            after=proof.passed_after,
        ),
        *([] if proof.rebuilt else [f"  {words('prove_not_rebuilt')}"]),
        *(f"  {words('prove_early', check=check)}" for check in proof.early),
        *(
            f"  {words('prove_late', check=late.check, expected=late.expected, actual=late.actual)}"
            for late in proof.late
        ),
    ]
