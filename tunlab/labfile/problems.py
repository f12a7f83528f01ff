"""Problems found in a lab's files: gathered, so that lint can tell them all and a load the first."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from difflib import get_close_matches

from tunlab.errors import LabFileError

_SHOWN = 60
_MOST_COMPARED = 500  # names: a topology may have thousands of nodes, and as many mistakes
_MOST_TOLD = 60


@dataclass(slots=True)
class Problems:
    """`errors` make a lab unusable; `advice` is what only lint tells."""

    errors: list[LabFileError] = field(default_factory=list)
    advice: list[LabFileError] = field(default_factory=list)

    @contextmanager
    def collect(self) -> Iterator[None]:
        """Note an error and go on behind the block."""
        try:
            yield
        except LabFileError as error:
            self.errors.append(error)

    def raise_first(self) -> None:
        """Raise the error that a reader of the files meets first, if there is one."""
        if self.errors:
            raise min(self.errors, key=position)


def position(error: LabFileError) -> tuple[str, bool, int]:
    """Where an error stands, for sorting; what a file lacks comes after what is wrong in it."""
    return error.file, error.line is None, error.line or 0


def shown(text: str) -> str:
    """A text from a file, safe and short enough for a sentence: a lab's author may be a stranger."""
    clean = "".join(letter if letter.isprintable() else "?" for letter in text[: _SHOWN + 1])
    return clean if len(clean) <= _SHOWN else clean[:_SHOWN] + "..."


def unknown(key: str, name: str, known: Iterable[str]) -> tuple[str, dict[str, str]]:
    """The sentence's key and gaps for a name nobody knows: what was meant, or else what there is."""
    names = list(known)
    if close := get_close_matches(name[:_SHOWN], names[:_MOST_COMPARED], n=1):
        return f"{key}_meant", {"name": shown(name), "meant": shown(close[0])}
    some = [*map(shown, names[:_MOST_TOLD]), *(["..."] if len(names) > _MOST_TOLD else [])]
    return key, {"name": shown(name), "known": ", ".join(some) or "-"}
