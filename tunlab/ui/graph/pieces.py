"""The pieces of which the terminal's drawings are made: a device's words, laid out on lines of a given width."""

from collections.abc import Iterable, Sequence

from rich.text import Text

from tunlab.model.endpoint import Endpoint
from tunlab.model.scene import Marks, SceneDevice
from tunlab.ui.cells import cells
from tunlab.ui.graph.labels import addresses_of, is_down, kind_of, plain

Pieces = list[Text]  # what a line may be broken between


def named(node: str, device: SceneDevice, marks: Marks) -> Text:
    """The device's name, with its marks behind it: `eth0 [1 12]`."""
    text = Text(plain(device.name), "term")
    if found := marks.get(Endpoint(node, device.name)):
        text.append(f" [{' '.join(map(plain, found))}]", "verdict")
    return text


def facts(device: SceneDevice) -> Pieces:
    """Kind, addresses, state, and the program at its far end."""
    kind = kind_of(device)
    pieces = [Text(kind)] if kind else []
    pieces += [Text(address) for address in addresses_of(device)]
    pieces += [state(device)] if device.state else []
    return [*pieces, *([Text(f"<=> {plain(device.program)}", "command")] if device.program else [])]


def state(device: SceneDevice) -> Text:
    """What cannot be passed is not to be overlooked."""
    return Text(plain(device.state or ""), "fail" if is_down(device) else "")


def flowed(pieces: Sequence[Text], limit: int, first: int = 0) -> list[Text]:
    """The pieces on lines of at most `limit` cells, two spaces between them; `first` cells of the first are taken."""
    lines: list[Text] = []
    used = first
    for piece in pieces:
        gap = 2 if lines and used else 0
        if lines and used + gap + size(piece) <= limit:
            lines[-1] = Text("  ").join([lines[-1], piece])
            used += gap + size(piece)
        else:
            lines.append(piece)
            used = size(piece) + (first if len(lines) == 1 else 0)
    return [cut(line, limit) for line in lines]


def size(text: Text) -> int:
    """Its cells, at the most."""
    return cells(text.plain)


def padded(text: Text, width: int, right: bool = False) -> Text:
    """The text with spaces behind it, or before it, `width` cells wide."""
    spaces = " " * max(0, width - size(text))
    return Text.assemble(spaces, text) if right else Text.assemble(text, spaces)


def cut(text: Text, width: int) -> Text:
    """No wider than that; what is cut off ends in `~`."""
    if size(text) <= width:
        return text
    short = text.copy()
    while short.plain and size(short) > width - 1:
        short.right_crop(1)
    return short.append("~") if width > 0 else Text()


def widest(texts: Iterable[Text]) -> int:
    """The cells of the widest, 0 of none."""
    return max(map(size, texts), default=0)
