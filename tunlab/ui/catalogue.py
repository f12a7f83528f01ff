"""The labs on a page: what to run next, and a list of all with the learner's progress."""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from tunlab.i18n import Words
from tunlab.labfile.shelf import Next, Shelf, Shelved, what_next
from tunlab.ui.printable import printable

WIDTH = 80  # cells; lines that are longer are hard to read


def home(shelf: Shelf, words: Words) -> RenderableType:
    """What to do next, and below it the labs."""
    heading, more = _next(what_next(shelf), shelf, words)
    notes = [Text(line) for line in more]
    return Group(Text(heading, style="bold"), *notes, Text(), table(shelf, words), Text(), Text(words("home_more")))


def table(shelf: Shelf, words: Words) -> Table:
    """Every lab; the parts of a section stand below it."""
    grid = Table.grid(padding=(0, 2), expand=False)
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_column(no_wrap=True)
    for group in shelf.groups:
        if group.section:
            prose = group.section.prose.get(words.language)
            grid.add_row(Text(group.section.id, style="bold"), Text(prose.title if prose else "", style="bold"), "")
        for shelved in group.labs:
            title = shelved.lab.prose[words.language].title
            grid.add_row(Text(("  " if group.section else "") + shelved.lab.id), Text(title), _far(shelved, words))
    return grid


def as_json(shelf: Shelf, words: Words) -> Iterator[dict[str, object]]:
    """A mapping for each section and each lab, in the order of the table."""
    for group in shelf.groups:
        if group.section:
            prose = group.section.prose.get(words.language)
            yield {
                "schema": 1,
                "id": group.section.id,
                "title": prose.title if prose else None,
                "parts": [shelved.lab.id for shelved in group.labs],
            }
        for shelved in group.labs:
            yield {
                "schema": 1,
                "id": shelved.lab.id,
                "title": shelved.lab.prose[words.language].title,
                "steps": len(shelved.lab.steps),
                "done": shelved.done(),
                "finished": not shelved.ahead(),
                "missing": words(missing) if (missing := shelved.missing()) else None,
            }


def _next(what: Next, shelf: Shelf, words: Words) -> tuple[str, list[str]]:
    """The bold line, and what stands below it."""
    if what.lab is None:
        first = shelf.groups[0].id() if shelf.groups else ""
        return words("home_finished"), [words("home_again", command=f"tunlab run {first} --fresh"), words("home_new")]
    heading = words("home_next", command=f"tunlab run {what.lab}")
    if what.first:
        return heading, [words("home_doctor")]
    if what.of is None:
        return heading, []
    prose = what.of.prose[words.language]
    if what.step is None:
        return heading, [words("home_begins", title=printable(prose.title))]
    return heading, [words("home_goes_on", title=printable(prose.steps[what.step].title))]


def _far(shelved: Shelved, words: Words) -> Text:
    total, done = len(shelved.lab.steps), shelved.done()
    if done == total:
        return Text(words("progress_finished"), style="green")
    if shelved.missing():  # `tunlab run` says what it is
        return Text(words("progress_not_here"), style="dim")
    if not shelved.last_played():
        return Text(words("progress_none", total=total))
    return Text(words("progress_some", done=done, total=total))
