"""`tunlab trace --json`: every hop and every end as an event on a line of its own."""

import json

from tunlab.model.events import Entry
from tunlab.model.trace import Hop, Traced
from tunlab.session.log import EventLog
from tunlab.ui.output import Output


class TraceJson:
    """Writes an event for all that is told; `lab` is that of the session."""

    def __init__(self, lab: str) -> None:
        self._output = Output()
        self._log = EventLog()
        self._log.lab = lab
        self._log.follow(self._write)

    def tell(self, told: Hop | Traced) -> None:
        self._log.add(told)

    def _write(self, entry: Entry) -> None:
        print(json.dumps(entry.as_json()), file=self._output, flush=True)
