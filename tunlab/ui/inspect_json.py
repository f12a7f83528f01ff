"""`tunlab inspect --json`: what is seen of a device, one event a line."""

import json
from collections.abc import Sequence

from tunlab.engine.inspection import Arrived, Inspection, Rates
from tunlab.engine.packets import captured_packet
from tunlab.model.device import DeviceDetails
from tunlab.model.events import CaptureState, Counters, DeviceSeen, Entry
from tunlab.session.log import EventLog
from tunlab.ui.output import Output


class InspectJson:
    """Writes an event for all that is told. `most`: packets to write, None: no end."""

    def __init__(self, inspection: Inspection, lab: str, most: int | None) -> None:
        self._inspection = inspection
        self._most = most
        self._written = 0
        self._lost: tuple[int, int] | None = None
        self._counters: Counters | None = None
        self._output = Output()
        self._log = EventLog()
        self._log.lab = lab
        self._log.follow(self._write)

    @property
    def enough(self) -> bool:
        """Whether all that was asked for has been written."""
        return self._most is not None and self._written >= self._most

    def described(self, details: DeviceDetails) -> None:
        self._log.add(details)

    def vanished(self) -> None:
        inspection = self._inspection
        self._log.add(DeviceSeen(inspection.node, inspection.device, "", (), "", 0, "", 0, (), (), gone=True))

    def counted(self, counters: Counters, rates: Rates | None) -> None:
        """Where they have changed; and whether packets were lost."""
        if counters != self._counters:
            self._counters = counters
            self._log.add(counters)
        if (self._inspection.not_shown, self._inspection.dropped) != self._lost:
            self._tell_losses()

    def arrived(self, packets: Sequence[Arrived]) -> None:
        for each in packets if self._most is None else packets[: self._most - self._written]:
            self._log.add(captured_packet(each.packet, self._inspection.node, each.step))
            self._written += 1

    def end(self) -> None:
        """How much there was in all."""
        self._tell_losses()

    def _tell_losses(self) -> None:
        inspection = self._inspection
        self._lost = inspection.not_shown, inspection.dropped
        refused = inspection.refused.errno_name if inspection.refused else None
        self._log.add(CaptureState(inspection.node, inspection.device, inspection.captured, *self._lost, refused))

    def _write(self, entry: Entry) -> None:
        print(json.dumps(entry.as_json()), file=self._output, flush=True)
