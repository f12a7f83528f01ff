"""`tunlab`, `tunlab list` and `tunlab show`: which labs there are, how far you are, and what is in one."""

import json

from rich.console import Console, RenderableType

from tunlab import paths
from tunlab.cli.errors import end_with_reader, tell, told
from tunlab.cli.labs import folder_of
from tunlab.i18n import Words
from tunlab.labfile.demonstrated import demonstrated
from tunlab.labfile.load import load
from tunlab.labfile.shelf import Shelf, shelf
from tunlab.session import progress
from tunlab.ui import catalogue, claims, lab_page


def show_home(language: str) -> None:
    """What to run next, and every lab."""
    words = Words(language)
    end_with_reader()
    with told(words):
        _print(catalogue.home(_shelf(words), words))


def list_labs(language: str, as_json: bool) -> None:
    """Every lab with its title and your progress."""
    words = Words(language)
    end_with_reader()
    with told(words):
        labs = _shelf(words)
        if not as_json:
            _print(catalogue.table(labs, words))
            return
        for entry in catalogue.as_json(labs, words):
            print(json.dumps(entry))


def list_claims(language: str, as_json: bool) -> None:
    """Every claim of each section, and where it is demonstrated."""
    words = Words(language)
    end_with_reader()
    with told(words):
        sections = tuple(demonstrated(language))
        if not as_json:
            _print(claims.page(sections, words, _console().width))
            return
        for entry in claims.as_json(sections):
            print(json.dumps(entry))


def show_lab(name: str, language: str, notes: bool, as_json: bool) -> None:
    """One lab's text, without running it."""
    words = Words(language)
    end_with_reader()
    with told(words):
        shown = load(folder_of(name), "fast", paths.find_lab)
        if as_json:
            print(json.dumps(lab_page.as_json(shown, words, notes)))
        else:
            _print(lab_page.page(shown, words, notes, _console().width))


def _shelf(words: Words) -> Shelf:
    labs = shelf(progress.folder())
    for problem in labs.problems:
        tell(words, problem)
    return labs


def _console() -> Console:
    console = Console(highlight=False)
    console.width = min(console.width, catalogue.WIDTH)
    return console


def _print(what: RenderableType) -> None:
    console = _console()
    with console.capture() as captured:  # written by print: what goes wrong there is told as everywhere else
        console.print(what)
    print("\n".join(line.rstrip() for line in captured.get().split("\n")).strip("\n"))
