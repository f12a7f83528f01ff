"""A numbered list on the terminal, of which one is chosen."""

import os
import sys
import termios
from collections.abc import Sequence

from tunlab.i18n import Words
from tunlab.ui.printable import printable_line

_LINE = 4096  # bytes; a terminal that edits lines hands out one at a time


def choose(words: Words, question: str, options: Sequence[str]) -> int | None:
    """The index of what was chosen; None for q, or the end of all input. All of it is written to standard error."""
    print(question, file=sys.stderr)
    for number, option in enumerate(options, 1):
        print(f"  {number}  {printable_line(option)}", file=sys.stderr)
    termios.tcflush(0, termios.TCIFLUSH)  # nothing typed ahead is an answer
    while True:
        print(words("choose_number", last=len(options)), end=" ", file=sys.stderr, flush=True)
        typed = os.read(0, _LINE)
        answer = typed.decode(errors="replace").strip()
        if not typed.endswith(b"\n"):
            print(file=sys.stderr)
        if not typed or answer == "q":
            return None
        if answer.isascii() and answer.isdecimal() and 1 <= int(answer[:9]) <= len(options):
            return int(answer) - 1
