"""The command that is running, for a sentence that asks to run it again in another way."""

import shlex
import shutil
import sys


def running_command() -> str:
    """As it was typed, but with the path of the program, by which sudo finds it too."""
    program = shutil.which(sys.argv[0]) or sys.argv[0]
    return shlex.join([program, *sys.argv[1:]])
