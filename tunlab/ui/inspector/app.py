"""The screen of `tunlab inspect`: the device above, its packets below, and one of them opened."""

import asyncio
import os
import signal
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from threading import Thread
from typing import ClassVar

from rich.console import RenderableType
from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Input, Static

from tunlab.engine.inspection import Arrived, Inspection, Rates, watch
from tunlab.errors import TunlabError
from tunlab.i18n import Words
from tunlab.kernel.holder import heeded
from tunlab.model.device import DeviceDetails
from tunlab.model.events import Counters
from tunlab.ui.device_page import device_page
from tunlab.ui.inspector.opened import Opened
from tunlab.ui.inspector.packet_list import Note, PacketList
from tunlab.ui.look import ORDINARY
from tunlab.ui.repeat import sentence

# What textual loads when it first needs it: that would be in a sandbox, where the files may be others.
for _late in (
    "textual._xterm_parser",
    "textual.drivers.linux_driver",
    "textual.drivers.headless_driver",
    "textual.layouts.factory",
    "textual.layouts.horizontal",
    "textual.layouts.stream",
    "textual.pilot",
    "textual.scrollbar",
):
    import_module(_late)

_INTERRUPTED = 130
_KEYS = ("open", "device", "pause", "filter", "write", "search", "quit")
_KEYS_DEVICE = ("scroll", "close", "quit")
_KEYS_OPENED = ("field", "close", "quit")


class InspectApp(App[int]):
    """Shows an inspection live, and is its audience."""

    ENABLE_COMMAND_PALETTE = False
    CSS = """
    Screen { layout: vertical; overflow: hidden; }
    #top, #state, #heading, #keys, #label { height: auto; }
    #top { max-height: 50%; }
    #keys { dock: bottom; }
    PacketList { height: 1fr; scrollbar-size: 0 0; }
    Opened { height: 2fr; display: none; }
    #device { height: 4fr; display: none; scrollbar-size: 0 0; }
    #entry { display: none; height: 1; border: none; padding: 0; }
    #label { display: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c", f"quit_with({_INTERRUPTED})", show=False, priority=True),
        Binding("escape", "close", show=False),
        # At once, in the order in which they are typed: else what is typed ahead of a question would be taken for keys.
        *(
            Binding(key, action, show=False, priority=True)
            for key, action in {
                "q": "quit_with(0)",
                "d": "device",
                "p": "pause",
                "f": "ask('filter')",
                "w": "ask('write')",
                "slash": "ask('search')",
                "n": "again",
            }.items()
        ),
    ]

    def __init__(self, inspection: Inspection, words: Words, open_file: Callable[[Path], int]) -> None:
        super().__init__(ansi_color=True)
        self.theme = "ansi-dark"
        self._words = words
        self._inspection = inspection
        self._open_file = open_file
        self._counted: tuple[Counters | None, Rates | None] = None, None
        self._put_there: dict[str, Text] = {}
        self._missing = ""  # the key of what to say instead of a page
        self._seen = False
        self._asking = ""
        self._typed_filter = inspection.filter
        self._sought = ""
        self._note = ""
        self._written = ""
        self.failed: Exception | None = None

    def show(self) -> int:
        """Run, and return the exit status. Raises what the inspection raised."""
        status = self.run()
        if self.failed:
            raise self.failed
        return status or 0

    def compose(self) -> ComposeResult:
        yield Static(id="top")
        yield Static(id="state")
        yield Static(id="heading")
        yield PacketList(self._words)
        yield Opened(self._words)
        with VerticalScroll(id="device"):
            yield Static()
        yield Static(id="label")
        yield Input(id="entry")
        yield Static(id="keys")

    def on_mount(self) -> None:
        """Take up the work, once there is a loop to wait in."""
        self.console.push_theme(ORDINARY.theme)
        self.query_one("#heading", Static).update(self._list.heading())
        self._list.focus()
        for signum in heeded((signal.SIGTERM, signal.SIGHUP)):
            asyncio.get_running_loop().add_signal_handler(signum, self.exit, 128 + signum)
        # pyroute2 runs an event loop of its own for each question, which a thread with a running one does not allow.
        Thread(target=self._look, daemon=True).start()

    def _look(self) -> None:
        """The other thread: look at the device until the process ends."""
        try:
            with self._inspection:
                watch(self._inspection, _FromThread(self), lambda: not self.is_running)
        except Exception as error:  # also a bug of ours: a view that stands still in silence would be a lie
            self.failed = error
            self.call_from_thread(self.exit)

    # What the inspection tells.

    def described(self, details: DeviceDetails) -> None:
        """The device, at first and whenever it has changed."""
        if self._missing == "inspect_gone":
            self._list.add([Note(self._words("inspect_back", device=self._inspection.name))])
        self._missing, self._seen = "", True
        self._draw()

    def vanished(self) -> None:
        """The device is not there any more, or not yet."""
        self._missing = "inspect_gone" if self._seen else "inspect_absent"
        self._list.add([Note(self._words(self._missing, device=self._inspection.name))])
        self._draw()

    def counted(self, counters: Counters, rates: Rates | None) -> None:
        """Its counters, which on an idle device are the same ones."""
        changed = (counters, rates) != self._counted
        self._counted = counters, rates
        self._draw() if changed else self._draw_state()

    def arrived(self, packets: Sequence[Arrived]) -> None:
        """Packets that it carried."""
        self._list.add(packets)
        self._draw_state()

    # Keys.

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Where a line is being typed, a letter is a letter."""
        typing = (
            self._asking
            and action in ("device", "pause", "ask", "again", "quit_with")
            and parameters != (_INTERRUPTED,)
        )
        return not typing

    def action_quit_with(self, status: int) -> None:
        """Leave."""
        self.exit(status)

    def action_device(self) -> None:
        """All about the device, with what its words mean."""
        self._page.display = not self._page.display
        self._focus()

    def action_pause(self) -> None:
        """Let no more rows come, or all of them again."""
        self._list.pause(not self._list.paused, keep=self._opened.display)
        self._draw_state()

    def action_ask(self, what: str) -> None:
        """Have a line typed: a filter, a file, or what to look for."""
        self._asking = what
        entry, label = self.query_one("#entry", Input), self.query_one("#label", Static)
        entry.value = self._typed_filter if what == "filter" else ""
        label.update(Text(self._words(f"inspect_ask_{what}"), style="question"))
        entry.display = label.display = True
        self.screen.set_focus(entry)

    def on_input_submitted(self, submitted: Input.Submitted) -> None:
        """The line is there."""
        typed = submitted.value.strip()
        self._note = ""
        match self._asking:
            case "filter":
                self._filter(typed)
            case "write":
                self._write(typed)
            case "search":
                self._search(typed)
        self.action_close()

    def action_again(self) -> None:
        """Look for the same once more."""
        self._search(self._sought)
        self._draw_state()

    def action_close(self) -> None:
        """Close what is open: the line, or the packet."""
        self._asking = ""
        entry = self.query_one("#entry", Input)
        if entry.display:
            entry.display = self.query_one("#label", Static).display = False
        elif self._page.display:
            self._page.display = False
        elif self._opened.display:
            self._opened.display = False
        self._focus()

    def _focus(self) -> None:
        """The keys are for what lies on top."""
        if self._page.display:
            self._page.focus()
        elif self._opened.display:
            self._opened.take_focus()
        else:
            self._list.focus()
        self._draw()

    def on_packet_list_opened(self, opened: PacketList.Opened) -> None:
        """Show a packet in full."""
        self._opened.open(opened.row)
        self._opened.display = True
        self._focus()

    def on_resize(self) -> None:
        """Everything is laid out anew."""
        self._draw()

    def _filter(self, expression: str) -> None:
        self._typed_filter = expression
        note = Note(self._words("inspect_filtered" if expression else "inspect_unfiltered", filter=expression))

        def filtered() -> None:
            self._inspection.filter_by(expression)
            self.call_from_thread(self._list.add, [note])

        self._ask(filtered)

    def _write(self, name: str) -> None:
        if not name:
            return
        kept = self._list.packets()

        def written() -> None:
            self._inspection.write_to(os.fdopen(self._open_file(Path(name)), "wb"), name, kept)
            self._written = Path(name).name

        self._ask(written)

    def _search(self, text: str) -> None:
        self._sought = text or self._sought
        if self._sought and not self._list.find(self._sought):
            self._note = self._words("inspect_not_found", text=self._sought)

    # The screen.

    @property
    def _list(self) -> PacketList:
        return self.query_one(PacketList)

    @property
    def _opened(self) -> Opened:
        return self.query_one(Opened)

    @property
    def _page(self) -> VerticalScroll:
        return self.query_one("#device", VerticalScroll)

    def _draw(self) -> None:
        details, counters, words = self._inspection.details, self._inspection.counters, self._words
        if details is None:
            page: RenderableType = Text(
                words(self._missing, device=self._inspection.name) if self._missing else "", "fail"
            )
        else:
            page = device_page(details, counters, self._counted[1], words, self.size.width, short=True)
        top = self.query_one("#top", Static)
        top.update(page)
        top.display = not self._opened.display and not self._page.display  # they need the room
        if details and self._page.display:
            whole = device_page(details, counters, self._counted[1], words, self.size.width)
            self._page.query_one(Static).update(whole)
        self._draw_state()

    def _draw_state(self) -> None:
        """What becomes of the packets; what matters most stands first, in words as well as in colour."""
        inspection, words = self._inspection, self._words
        said: list[tuple[str, str]] = []
        if inspection.refused:
            said.append((words("inspect_no_packets", problem=sentence(inspection.refused, words)), "unknown"))
        else:
            dropped = inspection.dropped
            said.append((words("inspect_captured", count=inspection.captured), ""))
            if inspection.not_shown:
                said.append((words("inspect_left", count=inspection.not_shown), "unknown"))
            said.append((words("inspect_dropped", count=dropped), "fail" if dropped else ""))
        if self._list.paused:
            said.append(("   " + words("inspect_state_paused", count=self._list.waiting), "unknown"))
        if inspection.filter:
            said.append(("   " + words("inspect_state_filter", filter=inspection.filter), "unknown"))
        if self._written:
            said.append(("   " + words("inspect_state_writing", file=self._written), ""))
        if self._note:
            said.append((f"\n{self._note}", "wrong"))
        self._put("#state", Text.assemble(*said))
        keys = _KEYS_DEVICE if self._page.display else _KEYS_OPENED if self._opened.display else _KEYS
        names = ("resume" if key == "pause" and self._list.paused else key for key in keys)
        self._put("#keys", Text("  ".join(words(f"inspect_key_{name}") for name in names), "footer"))

    def _put(self, where: str, text: Text) -> None:
        """Have that text there. To lay the screen out anew costs more than all else: not where it is there already."""
        if self._put_there.get(where) != text:
            self._put_there[where] = text
            self.query_one(where, Static).update(text)

    def _ask(self, action: Callable[[], object]) -> None:
        """Have the other thread do something; what goes wrong is said below the counters."""

        def tried() -> None:
            try:
                action()
                note = ""
            except TunlabError as error:
                note = sentence(error, self._words)
            self.call_from_thread(self._say, note)

        self._inspection.ask(tried)

    def _say(self, note: str) -> None:
        self._note = note
        self._draw_state()


class _FromThread:
    """Hands on to the app, in its own thread, what the inspection tells; and waits, so that a flood cannot bury it."""

    def __init__(self, app: InspectApp) -> None:
        self._app = app

    def described(self, details: DeviceDetails) -> None:
        self._tell(lambda: self._app.described(details))

    def vanished(self) -> None:
        self._tell(self._app.vanished)

    def counted(self, counters: Counters, rates: Rates | None) -> None:
        self._tell(lambda: self._app.counted(counters, rates))

    def arrived(self, packets: Sequence[Arrived]) -> None:
        self._tell(lambda: self._app.arrived(packets))

    def _tell(self, what: Callable[[], None]) -> None:
        """While the view is being taken down it has nothing left to draw on."""
        self._app.call_from_thread(lambda: what() if self._app.query("#state") else None)
