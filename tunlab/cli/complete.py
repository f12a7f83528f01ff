"""What Tab offers: labs and their steps, sessions and what is in them. Called in every shell, so kept light."""

from pathlib import Path

import typer

from tunlab import paths
from tunlab.errors import TunlabError


def complete_lab(incomplete: str) -> list[str]:
    """The labs that begin so. Where there is none, the shell offers files: a lab's folder will do too."""
    return [name for name in paths.lab_ids() if name.startswith(incomplete)]


def complete_step(ctx: typer.Context, incomplete: str) -> list[str]:
    """The steps that begin so, of the lab in the command line; nothing of a lab that cannot be read."""
    from tunlab.labfile.load import load
    from tunlab.model.lab import Lab

    # An option that still waits for its value leaves the words before it unread.
    name = str(ctx.params.get("lab") or next((word for word in ctx.args if not word.startswith("-")), ""))
    try:
        found = load(paths.find_lab(name) or Path(name), "fast", paths.find_lab)
    except (TunlabError, OSError):
        return []
    labs = (found,) if isinstance(found, Lab) else found.parts
    steps = dict.fromkeys(step.id for lab in labs for step in lab.steps)
    return [step for step in steps if step.startswith(incomplete)]


def complete_session(incomplete: str) -> list[str]:
    """The running sessions that begin so."""
    from tunlab.session.finding import running

    try:
        return [each.name() for each in running() if each.name().startswith(incomplete)]
    except (TunlabError, OSError):
        return []


def complete_node(ctx: typer.Context, incomplete: str) -> list[str]:
    """The nodes that begin so, of the session in the command line, else of all that are meant without one."""
    return [node for node in _devices(ctx) if node.startswith(incomplete) and node.isprintable()]


def complete_device(ctx: typer.Context, incomplete: str) -> list[str]:
    """The devices that begin so, with their node in front and, those that only one node has, also without."""
    nodes = _devices(ctx)
    named = [f"{node}:{device}" for node, devices in nodes.items() for device in devices]
    alone = [device for devices in nodes.values() for device in devices]
    offered = [*named, *(device for device in dict.fromkeys(alone) if alone.count(device) == 1)]
    return [each for each in offered if each.startswith(incomplete) and each.isprintable()]


def _devices(ctx: typer.Context) -> dict[str, list[str]]:
    """The devices by node; nothing where nobody answers."""
    from tunlab.cli.joining import ask_in
    from tunlab.kernel.survey import devices
    from tunlab.session.finding import named, nearest, running

    wanted = ctx.params.get("session")
    found: dict[str, list[str]] = {}
    try:
        sessions = running()
    except (TunlabError, OSError):
        return {}
    for each in named(sessions, wanted) if wanted else nearest(sessions):
        try:
            answer = ask_in(each, devices)
        except (TunlabError, OSError):  # this one is odd, or ended just now
            continue
        except SystemExit:
            return {}
        for node, names in answer.items():
            known = found.setdefault(node, [])
            known += [name for name in names if name not in known]
    return found
