"""What an endpoint of a tunnel tells, as plain lines or as JSON; warnings go to standard error."""

import json
import sys
from collections.abc import Mapping
from contextlib import suppress

from tunlab.i18n import Words
from tunlab.model.events import Entry
from tunlab.model.tunnel import TunnelTold
from tunlab.session.log import EventLog
from tunlab.ui.output import Output
from tunlab.ui.printable import printable

_ALWAYS = ("read", "read_bytes", "sent", "received", "received_bytes", "written")


class TunnelLines:
    """A line when it is open, a line of counters each time, and the last one on standard error."""

    def __init__(self, words: Words) -> None:
        self._words = words
        self._output = Output()

    def told(self, what: TunnelTold) -> None:
        if what.state == "open":
            self._open(what)
        elif what.state == "agreed":
            print(self._words("tunnel_agreed", peer=what.peer), file=self._output, flush=True)
        elif what.state == "running":
            print(_counted(self._words, what.counters), file=self._output, flush=True)
        else:
            _say(_counted(self._words, what.counters))

    def _open(self, what: TunnelTold) -> None:
        words = self._words
        print(
            words("tunnel_buffer", granted=what.receive_buffer, asked=what.asked_buffer, mtu=what.mtu),
            file=self._output,
        )
        if what.offloads or what.lacking:
            line = words("tunnel_fast", offloads=" ".join(what.offloads))
            if what.lacking:
                line += words("tunnel_lacking", offloads=" ".join(what.lacking))
            print(line, file=self._output)
        print(words("tunnel_open", device=what.device, peer=what.peer), file=self._output, flush=True)

    def warned(self, key: str, **values: object) -> None:
        _warn(self._words, key, **values)


class TunnelJson:
    """An event for all of these."""

    def __init__(self, words: Words) -> None:
        self._words = words
        self._output = Output()
        self._log = EventLog()
        self._log.follow(self._write)

    def told(self, what: TunnelTold) -> None:
        self._log.add(what)

    def warned(self, key: str, **values: object) -> None:
        _warn(self._words, key, **values)

    def _write(self, entry: Entry) -> None:
        print(json.dumps(entry.as_json()), file=self._output, flush=True)


def _counted(words: Words, counters: Mapping[str, int]) -> str:
    """What every endpoint does, and of the rest whatever is not 0."""
    line = words("tunnel_counters", **{name: counters[name] for name in _ALWAYS})
    rest = [
        words(f"tunnel_count_{name}", count=value) for name, value in counters.items() if value and name not in _ALWAYS
    ]
    return words("tunnel_counters_more", line=line, rest=words("tunnel_counters_and").join(rest)) if rest else line


def _warn(words: Words, key: str, **values: object) -> None:
    _say(printable(f"tunlab: {words(key, **values)}"))


def _say(line: str) -> None:
    with suppress(OSError):  # nobody reads it: no reason for a tunnel to end otherwise than it does
        print(line, file=sys.stderr, flush=True)
