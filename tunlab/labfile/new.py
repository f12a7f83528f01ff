"""A new lab's folder, filled from the template: whole, or not at all."""

import re
from contextlib import suppress
from errno import errorcode
from pathlib import Path

from tunlab import paths
from tunlab.errors import Status, TunlabError
from tunlab.labfile.lab import FILE
from tunlab.labfile.problems import shown
from tunlab.labfile.values import LAB_ID

_TEMPLATE_ID = "lab-template"


def new_lab(folder: Path) -> str:
    """Fill the folder, which must be empty or not there yet, and return the lab's id. Raises TunlabError."""
    try:
        identifier = _identifier(folder.resolve().name)
        made = _make(folder)
        written: list[Path] = []
        try:
            for template in sorted(paths.TEMPLATE.iterdir()):
                text = template.read_text(encoding="utf-8")
                if template.name == FILE:
                    text = text.replace(f"id: {_TEMPLATE_ID}", f"id: {identifier}")
                with (folder / template.name).open("x", encoding="utf-8") as file:
                    written.append(folder / template.name)
                    file.write(text)
        except BaseException:
            _undo(folder, written, made)
            raise
    except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle
        number = error.errno if isinstance(error, OSError) else None
        problem = errorcode.get(number or 0, "ELOOP")
        raise TunlabError("new_refused", Status.USAGE, folder=shown(str(folder)), problem=problem) from error
    return identifier


def _identifier(name: str) -> str:
    """The folder's name as an id: also in capitals, or with blanks or underscores between its words."""
    identifier = re.sub(r"[\s_]+", "-", name.strip()).lower()
    if not re.fullmatch(LAB_ID, identifier):
        raise TunlabError("new_bad_id", Status.USAGE, name=shown(name))
    if paths.find_lab(identifier):
        raise TunlabError("new_shipped", Status.USAGE, lab=identifier)
    return identifier


def _make(folder: Path) -> bool:
    """Whether the folder was made just now. Raises TunlabError where it is in use."""
    try:
        folder.mkdir()
    except FileNotFoundError:
        parent = shown(str(folder.parent))
        raise TunlabError("new_no_parent", Status.USAGE, folder=shown(str(folder)), parent=parent) from None
    except FileExistsError:
        if not folder.is_dir() or any(folder.iterdir()):
            raise TunlabError("new_exists", Status.USAGE, folder=shown(str(folder))) from None
        return False
    return True


def _undo(folder: Path, written: list[Path], made: bool) -> None:
    with suppress(OSError):
        for path in written:
            path.unlink(missing_ok=True)
        if made:
            folder.rmdir()
