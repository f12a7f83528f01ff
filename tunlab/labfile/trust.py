"""The commands that a lab will run, for the question asked before a stranger's lab runs."""

from tunlab.model.lab import Lab
from tunlab.model.verbs import Execute, StartProgram


def commands(lab: Lab) -> list[tuple[str, tuple[str, ...]]]:
    """Each command once with its node, in the order of the steps; what compiles a program comes before it."""
    found = (
        (verb.node, command)
        for step in lab.steps
        for verb in step.verbs()
        if isinstance(verb, StartProgram | Execute)
        for command in verb.commands()
    )
    return list(dict.fromkeys(found))
