"""The words by which a node's shell is started: bash with a prompt that names the node, else sh."""

import shlex
import shutil
from collections.abc import Iterable
from pathlib import Path

REDRAW = "\x1b[9999~"  # a key that no keyboard has
_BASHRC = """\
PS1={prompt}
unset HISTFILE
bind '"{redraw}": redraw-current-line'
set -o history
{history}
"""


def shell_words(node: str, variables: dict[str, str], start_up: Path, typed: Iterable[str] = ()) -> tuple[str, ...]:
    """bash reads `start_up`, which is written here; its history holds `typed`. For sh, PS1 is put into `variables`.

    Raises OSError where the file cannot be written.
    """
    bash = shutil.which("bash", path=variables["PATH"])
    if bash is None:
        variables["PS1"] = f"{node}$ "
        return ("sh", "-i")
    colour = variables.get("TERM", "dumb") != "dumb" and not variables.get("NO_COLOR")
    prompt = rf"\[\e[1;32m\]{node}\[\e[0m\]\$ " if colour else rf"{node}\$ "
    start_up.write_text(
        _BASHRC.format(
            prompt=shlex.quote(prompt),
            redraw=REDRAW.replace("\x1b", r"\e"),
            history="\n".join(f"history -s {shlex.quote(command)}" for command in typed),
        )
    )
    start_up.chmod(0o644)  # under sudo the shell is the real user's
    return (bash, "--noprofile", "--rcfile", str(start_up), "-i")
