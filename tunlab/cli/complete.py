"""What Tab offers: ids of labs, and of the steps of the lab typed already. Called in every shell, so kept light."""

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
