"""A lab's text on a page, without running it: for whoever looks before they play, and for the teacher.

What a run would measure is a gap. Without the teacher's notes nothing answers a question of the lab: neither the
checks of a step that asks for a prediction, nor the commands that are the learner's to find.
"""

import shlex
from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from tunlab.i18n import Words
from tunlab.labfile.placeholders import fill
from tunlab.model.lab import Lab, Section, Step, StepProse
from tunlab.model.program import Program
from tunlab.model.verbs import Verb
from tunlab.ui.describe import describe
from tunlab.ui.prose import wrapped

_MARGIN = 2
_TEACHERS = ("hint", "feedback", "explain", "notes")
_HEADINGS = {"hint": "show_hint", "feedback": "show_feedback", "explain": "why", "notes": "show_notes"}


def page(shown: Lab | Section, words: Words, notes: bool, width: int) -> RenderableType:
    """A lab, or a section with all of its parts."""
    if isinstance(shown, Lab):
        return Group(*_lab(shown, words, notes, width))
    parts = [line for part in shown.parts for line in _lab(part, words, notes, width)]
    prose = shown.prose.get(words.language)
    title = _title(f"{shown.id}  {prose.title if prose else ''}", width)
    return Group(*title, *(_prose(prose.intro, width) if prose else ()), *parts)


def as_json(shown: Lab | Section, words: Words, notes: bool) -> dict[str, object]:
    """The same as data."""
    if isinstance(shown, Lab):
        prose = shown.prose[words.language]
        return {
            "schema": 1,
            "id": shown.id,
            "title": prose.title,
            "intro": fill(prose.intro, {}),
            "nodes": [node.name for node in shown.topology.nodes],
            "links": [[str(end) for end in link.ends] for link in shown.topology.links],
            "steps": [_step_data(step, prose.steps[step.id], words, notes) for step in shown.steps],
        }
    of_section = shown.prose.get(words.language)
    return {
        "schema": 1,
        "id": shown.id,
        "title": of_section.title if of_section else None,
        "intro": fill(of_section.intro, {}) if of_section else None,
        "parts": [as_json(part, words, notes) for part in shown.parts],
    }


def _lab(lab: Lab, words: Words, notes: bool, width: int) -> Iterator[RenderableType]:
    prose = lab.prose[words.language]
    yield from _title(f"{lab.id}  {prose.title}", width)
    yield from _prose(prose.intro, width)
    yield from _heading(words("show_topology"))
    yield from (_indented(Text(f"- {line}")) for line in _topology(lab, words, notes))
    for number, step in enumerate(lab.steps, 1):
        yield Text()
        of = words("step_of", number=number, total=len(lab.steps))
        yield Text(f"{step.id}: {prose.steps[step.id].title}  ({of})", style="bold")
        yield from _step(step, prose.steps[step.id], words, notes, width)


def _topology(lab: Lab, words: Words, notes: bool) -> Iterator[str]:
    """What it is made of; settings and programs, which tell what is to come, only for the teacher."""
    for node in lab.topology.nodes:
        yield words("show_node", node=node.name)
        if node.sysctls and notes:
            settings = " ".join(f"{key}={value}" for key, value in node.sysctls)
            yield words("show_sysctls", node=node.name, settings=settings)
    for link in lab.topology.links:
        near, far = link.ends
        yield words("show_link", near=near, far=far)
    if notes:
        yield from (_program(program, words) for program in lab.programs)


def _program(program: Program, words: Words) -> str:
    key = "show_program_device" if program.device else "show_program"
    device = program.device.device if program.device else ""
    command = shlex.join(program.command())
    return words(key, program=program.name, node=program.node, device=device, command=command)


def _step(step: Step, prose: StepProse, words: Words, notes: bool, width: int) -> Iterator[RenderableType]:
    yield from _prose(prose.sections["say"], width)
    yield Text()
    if step.solve and not notes:
        yield _indented(Text(words("show_your_turn"), style="bold"))
    else:
        yield from (_indented(line) for line in _commands(step.verbs()))
    if step.observes:
        yield _indented(Text(words("show_observes", step=step.observes)))
    if text := prose.sections.get("predict"):
        yield from _heading(words("show_predict"))
        yield from _prose(text, width)
    yield from _heading(words("show_checks"))
    if step.predict and not notes:
        yield _indented(Text(words("show_checks_hidden")))
    else:
        yield from (_indented(Text(f"- {describe(check, words)}")) for check in step.checks)
    for section in _TEACHERS if notes else ():
        if text := prose.sections.get(section):
            yield from _heading(words(_HEADINGS[section]))
            yield from _prose(text, width)


def _step_data(step: Step, prose: StepProse, words: Words, notes: bool) -> dict[str, object]:
    sections = ("say", "predict", *(_TEACHERS if notes else ()))
    commands = [{"node": verb.node, "command": list(each)} for verb in step.verbs() for each in verb.commands()]
    checks = [{"id": check.id, "kind": check.kind, "text": describe(check, words)} for check in step.checks]
    return {
        "id": step.id,
        "title": prose.title,
        **{name: fill(prose.sections[name], {}) for name in sections if name in prose.sections},
        "your_turn": bool(step.solve),
        "observes": step.observes,
        "commands": None if step.solve and not notes else commands,
        "checks": None if step.predict and not notes else checks,
    }


def _commands(verbs: tuple[Verb, ...]) -> Iterator[Text]:
    for verb in verbs:
        for command in verb.commands():
            yield Text.assemble((f"{verb.node}$ ", "green"), (shlex.join(command), "bold"))


def _title(text: str, width: int) -> tuple[RenderableType, ...]:
    return Text(), Text(text, style="bold"), Text("-" * width)


def _heading(text: str) -> Iterator[RenderableType]:
    yield Text()
    yield _indented(Text(text, style="bold"))


def _prose(text: str, width: int) -> Iterator[RenderableType]:
    for line in wrapped(fill(text, {}), width - 2 * _MARGIN):
        yield _indented(line)


def _indented(what: RenderableType) -> RenderableType:
    return Padding(what, (0, _MARGIN))
