"""`--json`: every event as a line on standard output."""

import json

from tunlab.engine.requests import Ask, Explain, Introduce, Say
from tunlab.model.events import Entry
from tunlab.model.lab import Step
from tunlab.ui.output import Output


class JsonLines:
    """An audience that never waits: each event goes out as it happens."""

    def __init__(self) -> None:
        self._output = Output()

    def entry(self, entry: Entry) -> None:
        print(json.dumps(entry.as_json()), file=self._output, flush=True)

    def introduce(self, introduced: Introduce) -> None: ...

    def say(self, said: Say) -> None: ...

    def begin(self, step: Step) -> None: ...

    def tick(self) -> None: ...

    def end(self) -> None: ...

    def explain(self, explained: Explain) -> None: ...

    def ask(self, ask: Ask) -> None: ...

    def key(self) -> str | None:
        return "enter"
