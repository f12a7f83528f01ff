"""The command that is running, for a sentence that asks to run it again in another way."""

import shlex
import shutil
import sys

from tunlab.errors import TunlabError
from tunlab.i18n import Words


def running_command() -> str:
    """As it was typed, but with the path of the program, by which sudo finds it too."""
    program = shutil.which(sys.argv[0]) or sys.argv[0]
    return shlex.join([program, *sys.argv[1:]])


def sentence(error: TunlabError, words: Words) -> str:
    """What went wrong. A remedy may name the command to repeat."""
    error.values.setdefault("command", running_command())
    return words.error(error)
