"""`--json`: every event as a line on standard output."""

import json
from collections.abc import Sequence

from tunlab.engine.requests import Ask, Await, Explain, Introduce, Predict, Pressed, Rebuild, Reveal, Say
from tunlab.engine.turn import by_itself
from tunlab.errors import TunlabError
from tunlab.model.events import CheckJudged, Entry
from tunlab.model.lab import Step
from tunlab.ui.output import Output


class JsonLines:
    """An audience that never waits: each event goes out as it happens."""

    def __init__(self) -> None:
        self._output = Output()
        self._asked: Ask | Predict | Await | None = None

    def entry(self, entry: Entry) -> None:
        print(json.dumps(entry.as_json()), file=self._output, flush=True)

    def introduce(self, introduced: Introduce) -> None: ...

    def say(self, said: Say) -> None: ...

    def begin(self, step: Step) -> None: ...

    def tick(self) -> None: ...

    def end(self) -> None: ...

    def explain(self, explained: Explain) -> None: ...

    def rebuild(self, rebuilt: Rebuild) -> None: ...

    def show(self, step: Step) -> None: ...

    def reveal(self, told: Reveal) -> None: ...

    attended = False

    def ask(self, ask: Ask | Predict | Await) -> None:
        self._asked = ask

    def key(self) -> Pressed:
        return by_itself(self._asked)

    def unfinished(self, results: Sequence[CheckJudged]) -> None: ...

    def step_aside(self, node: str) -> None: ...

    def come_back(self) -> None: ...

    def refused(self, error: TunlabError) -> None: ...

    def finished_in_shell(self) -> str:
        return ""
