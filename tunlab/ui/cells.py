"""How many cells a text takes on a terminal, at the most.

Terminals disagree about characters of ambiguous width (Unicode, UAX 11), such as curly quotes: many that are set to
Chinese draw them two cells wide. Counted as two, a line fits either way.
"""

from unicodedata import east_asian_width

from rich.cells import cell_len


def cells(text: str) -> int:
    """The cells of one line, ambiguous characters counted as two."""
    return cell_len(text) + sum(east_asian_width(character) == "A" for character in text)
