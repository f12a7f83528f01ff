"""A lab's pages are held against the steps, and become the prose that a learner reads."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tunlab.errors import LabFileError
from tunlab.i18n import LANGUAGES
from tunlab.labfile.files import read_text
from tunlab.labfile.items import before_items, items, named, named_lines
from tunlab.labfile.markdown import Block
from tunlab.labfile.placeholders import Reference, parse, tokens
from tunlab.labfile.problems import Problems, shown, unknown
from tunlab.labfile.prose import Page, PageStep, read_page
from tunlab.model.checks import AgreeCheck, Check, PacketCheck
from tunlab.model.lab import Prose, Step, StepProse

# What a person reads before the step has done anything.
_BEFORE = ("say", "predict", "hint")
_HINTS = 2  # the idea, and where to look; the third is the command, which the lab knows


def read_pages(folder: Path, problems: Problems) -> dict[str, Page]:
    """The pages of a folder by language."""
    pages: dict[str, Page] = {}
    for language in LANGUAGES:
        name = f"{language}.md"
        with problems.collect():
            pages[language] = read_page(read_text(folder, name), str(folder / name))
    return pages


def find_problems(page: Page, steps: Sequence[Step]) -> Iterator[LabFileError]:
    """Where a page and the steps do not belong together."""
    ids = [step.id for step in steps]
    for name, step in page.steps.items():
        if name not in ids:
            key, gaps = unknown("lab_unknown_step", name, ids)
            yield LabFileError(key, page.file, step.line, **gaps)
        elif "say" not in step.sections:
            yield LabFileError("lab_prose_no_say", page.file, step.line, step=name)
    for name in ids:
        if name not in page.steps:
            yield LabFileError("lab_prose_step_missing", page.file, None, step=name)
    for found in tokens(page.intro.text):
        line = page.intro.line_of(found.start())
        yield LabFileError("lab_prose_intro", page.file, line, name=shown(found[0]))
    for name, section, block in page.blocks():
        if name in ids:
            yield from _placeholder_problems(page.file, name, section, block, steps)
    for each in steps:
        if each.id in page.steps:
            yield from _item_problems(page.file, page.steps[each.id], each)


def prose_of(page: Page) -> Prose:
    """The prose of a page without problems; short placeholders are written out."""
    return Prose(page.title, page.intro.text.strip(), {name: _step(step, name) for name, step in page.steps.items()})


def _step(step: PageStep, name: str) -> StepProse:
    sections = {section: _full(block.text, name) for section, block in step.sections.items()}
    return StepProse(
        step.title,
        sections,
        step.line,
        question=before_items(sections.get("predict", "")),
        answers=named(sections.get("predict", "")),
        feedback=named(sections.get("feedback", "")),
        hints=items(sections.get("hint", "")),
    )


def references(block: Block, step: str) -> dict[str, int]:
    """The placeholders of a section, written out, each with the line where it comes first."""
    found: dict[str, int] = {}
    for token in tokens(block.text):
        found.setdefault(str(parse(token[1], step)), block.line_of(token.start()))
    return found


def _item_problems(file: str, page: PageStep, step: Step) -> Iterator[LabFileError]:
    """Where a step's question, its feedback and its hints are not what lab.yaml needs of them."""
    wanted: dict[str, tuple[str, ...] | None] = {"predict": None, "feedback": None}
    if step.predict:
        wanted = {"predict": tuple(step.predict.choices), "feedback": step.predict.outcomes()}
    for section, names in wanted.items():
        block = page.sections.get(section)
        if block is None and names is not None:
            yield LabFileError("lab_prose_section_missing", file, page.line, step=step.id, section=section)
        elif block is not None and names is None:
            yield LabFileError("lab_prose_no_predict", file, block.line - 1, step=step.id, section=section)
        elif block is not None:
            yield from _named_problems(file, section, block, names or ())
    hint = page.sections.get("hint")
    if hint is None and step.solve:
        yield LabFileError("lab_prose_section_missing", file, page.line, step=step.id, section="hint")
    elif hint is not None and len(items(hint.text)) != _HINTS:
        yield LabFileError("lab_prose_hints", file, hint.line - 1, count=len(items(hint.text)))


def _named_problems(file: str, section: str, block: Block, wanted: Sequence[str]) -> Iterator[LabFileError]:
    found = list(named_lines(block))
    for line, name in found:
        if name not in wanted:
            names = ", ".join(wanted) or "-"
            yield LabFileError("lab_prose_item", file, line, section=section, name=shown(name or "-"), names=names)
    for name in wanted:
        if [each for _, each in found].count(name) != 1:
            yield LabFileError("lab_prose_item_missing", file, block.line - 1, section=section, name=name)
    if section == "predict" and not before_items(block.text):
        yield LabFileError("lab_prose_question", file, block.line - 1)


def _placeholder_problems(
    file: str, step: str, section: str, block: Block, steps: Sequence[Step]
) -> Iterator[LabFileError]:
    for found in tokens(block.text):
        line = block.line_of(found.start())
        reference = parse(found[1], step) if found[1] else None
        if reference is None:
            yield LabFileError("lab_prose_brace", file, line, name=shown(found[0]))
        elif problem := _problem(reference, step, section, steps):
            key, gaps = problem
            yield LabFileError(key, file, line, **gaps)


def _problem(
    reference: Reference, step: str, section: str, steps: Sequence[Step]
) -> tuple[str, Mapping[str, object]] | None:
    checks = {item.id: {check.id: check for check in item.checks} for item in steps}
    if reference.step not in checks:
        return unknown("lab_unknown_step", reference.step, checks)
    if reference.check not in checks[reference.step]:
        key, gaps = unknown("lab_unknown_check", reference.check, checks[reference.step])
        return key, {**gaps, "step": reference.step}
    if reference.length and not _has_length(checks[reference.step][reference.check]):
        return "lab_prose_no_length", {"name": reference, "check": reference.check}
    order = list(checks)
    last = order.index(step) - (section in _BEFORE)
    if order.index(reference.step) > last:
        return "lab_prose_early", {"name": reference, "section": section, "step": step}
    return None


def _has_length(check: Check) -> bool:
    return isinstance(check, PacketCheck | AgreeCheck) and check.count > 0


def _full(text: str, step: str) -> str:
    parts: list[str] = []
    end = 0
    for found in tokens(text):
        parts += (text[end : found.start()], "{", str(parse(found[1], step)), "}")
        end = found.end()
    return "".join((*parts, text[end:])).strip("\n").rstrip()
