"""What programs print, made harmless: no escape sequence of theirs reaches the learner's terminal."""

import re

# C0 but for tab and newline, DEL, C1, the marks that turn the direction of text (Unicode, UAX 9), and the surrogates
# that stand for bytes which are no UTF-8 (os.fsdecode)
_CONTROL = re.compile("[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069\\ud800-\\udfff]")
_BREAK = re.compile("[\\t\\n\\u2028\\u2029]")


def printable(text: str) -> str:
    """The text with each control character replaced by U+FFFD."""
    return _CONTROL.sub("\ufffd", text)


def printable_line(text: str) -> str:
    """A name or a command line: it has no tab or newline either, so it cannot pass for two."""
    return _BREAK.sub("\ufffd", printable(text))
