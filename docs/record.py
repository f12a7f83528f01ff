"""Plays a lab on a terminal of 80 columns and draws one of its steps: docs/screen-en.svg and docs/screen-zh.svg.

    make docs

Every character comes from the run: tunlab writes to a pseudo-terminal, pyte keeps its screen as a terminal would,
and rich draws that as SVG. A run that does not pass draws nothing.
"""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from html import escape, unescape
from io import StringIO
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory

import pyte
from rich.cells import cell_len
from rich.console import Console
from rich.style import Style
from rich.terminal_theme import MONOKAI
from rich.text import Text

from tunlab.i18n import Words
from tunlab.paths import labs

LAB, STEP = "lab-1.4.3", "up"
COLUMNS, ROWS = 80, 1000  # high enough for the whole run: nothing scrolls away
CELL = 12.2  # the width that rich gives a character, in the picture's units
SCREEN = "screen-{language}.svg"

# rich's own format loads a font from the network, and squeezes Chinese into the width of Latin letters.
FORMAT = """\
<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg" role="img">
<style>
.{unique_id}-matrix {{ font: {char_height}px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas,
  "Noto Sans Mono CJK SC", "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", monospace; }}
.{unique_id}-title {{ font: bold 18px sans-serif; }}
{styles}
</style>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""
_TEXT = re.compile(r'<text class="(\S+)" x="(\S+)" y="(\S+)" textLength="\S+" clip-path="\S+">([^<]*)</text>')
_PIECE = re.compile(r"[^\s\u2e80-\uffef]+|[\u2e80-\uffef]+")


def main() -> None:
    for language in ("en", "zh"):
        words = Words(language)
        step = lines_of_step(play(words), title_of_step(language), words)
        picture = draw(step, f"tunlab run {LAB} --only {STEP} --lang {language}", f"screen-{language}")
        Path(__file__).with_name(SCREEN.format(language=language)).write_text(picture, encoding="utf-8")


def play(words: Words) -> pyte.Screen:
    """The screen after the step was played by hand; it must have passed."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", ROWS, COLUMNS, 0, 0))
    command = [str(Path(sys.executable).with_name("tunlab")), "run", LAB, "--only", STEP, "--lang", words.language]
    environment = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COLUMNS", "LINES")}
    screen = pyte.Screen(COLUMNS, ROWS)
    stream = pyte.ByteStream(screen)
    with TemporaryDirectory() as folder:
        environment |= {"TERM": "xterm-256color", "COLORTERM": "", "XDG_STATE_HOME": folder}
        run = subprocess.Popen(
            command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment, start_new_session=True
        )
        os.close(theirs)
        for sign, keys in hand(words):
            while sign not in "\n".join(screen.display):
                data = _read(ours)
                if not data:
                    sys.exit("\n".join(line for line in screen.display if line.strip()))
                stream.feed(data)
            os.write(ours, keys)
        while _read(ours):  # what is said after the last key is not part of the picture
            pass
        os.close(ours)
        run.wait()
    return screen


def hand(words: Words) -> list[tuple[str, bytes]]:
    """What is pressed when the screen shows what: the first answer, then the two commands in the node's shell."""
    return [
        (words("key_quit"), b"\r"),
        (words("predict_choose", last=4), b"1"),
        (words("predict_reason"), b"\r"),
        (words("footer_turn"), b"!"),
        (words("shell_opens", node="h1"), b"ip addr add 192.128.1.2/24 dev tun0\rip link set tun0 up\r"),
        (words("turn_done_in_shell"), b"\x04"),
        (words("footer_explain"), b"q"),
    ]


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # EIO: the run is over (tty_ioctl(4))
        return b""


def title_of_step(language: str) -> str:
    """The step's heading in the lab's prose."""
    prose = (labs() / LAB / f"{language}.md").read_text(encoding="utf-8")
    found = re.search(rf"^## {STEP}: (.+)$", prose, re.MULTILINE)
    assert found, f"{LAB} has no step {STEP}"
    return found[1]


def lines_of_step(screen: pyte.Screen, title: str, words: Words) -> list[Text]:
    """From the step's heading to what there is to say about the answer."""
    lines = [_styled(screen, row) for row in range(ROWS)]
    first = next(row for row, line in enumerate(lines) if line.plain.startswith(f"{LAB}  {title}"))
    footer = next(row for row in range(first, ROWS) if lines[row].plain.startswith(words("footer_explain")))
    shown = lines[first:footer]
    while not shown[-1].plain.strip():
        shown.pop()
    return shown


def _styled(screen: pyte.Screen, row: int) -> Text:
    cells = [screen.buffer[row][column] for column in range(COLUMNS)]
    line = Text()
    for style, run in groupby(cells, _style):
        line.append("".join(cell.data for cell in run), style)
    line.rstrip()
    return line


def _style(cell: pyte.screens.Char) -> Style:
    color = None if cell.fg == "default" else cell.fg.replace("brown", "yellow")  # pyte's name for it
    return Style(color=color, bold=cell.bold, reverse=cell.reverse)


def draw(lines: list[Text], title: str, name: str) -> str:
    """The lines as SVG, each character in its own cell whatever the reader's font."""
    console = Console(record=True, width=COLUMNS, file=StringIO(), highlight=False, force_terminal=True)
    for line in lines:
        console.print(line, soft_wrap=True)
    picture = console.export_svg(title=title, theme=MONOKAI, code_format=FORMAT, unique_id=name)
    return _TEXT.sub(_in_cells, picture)


def _in_cells(found: re.Match[str]) -> str:
    style, start, y, content = found.groups()
    text = unescape(content)
    pieces = []
    for piece in _PIECE.finditer(text):  # some viewers heed the first place of a piece only
        x = float(start) + CELL * cell_len(text[: piece.start()])
        places = [f"{x + CELL * cell_len(piece[0][:number]):g}" for number in range(len(piece[0]))]
        pieces.append(f'<text class="{style}" x="{" ".join(places)}" y="{y}">{escape(piece[0], quote=False)}</text>')
    return "\n".join(pieces) + "\n"


if __name__ == "__main__":
    main()
