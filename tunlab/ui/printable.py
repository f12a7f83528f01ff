"""What programs print, made harmless: no escape sequence of theirs reaches the learner's terminal."""

import re

# C0 but for tab and newline, DEL, C1, and the marks that turn the direction of text (Unicode, UAX 9)
_CONTROL = re.compile("[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069]")


def printable(text: str) -> str:
    """The text with each control character replaced by U+FFFD."""
    return _CONTROL.sub("\ufffd", text)
