"""What a lab uses of a machine, for the doctor: requirements, programs, kinds of device."""

from tunlab.labfile.trust import commands
from tunlab.model.lab import Lab
from tunlab.model.verbs import AddDevice


def needs(lab: Lab) -> set[str]:
    """By the names of what is required, run, typed by the learner, or made."""
    found = {requirement for step in lab.steps for requirement in step.requires}
    found |= {command[0] for _, command in commands(lab)}
    found |= {device.kind for node in lab.topology.nodes for device in node.devices}
    for step in lab.steps:
        found |= {command[0] for verb in step.solve for command in verb.commands()}
        found |= {verb.kind for verb in step.verbs() if isinstance(verb, AddDevice)}
    return found
