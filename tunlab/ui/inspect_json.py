"""`tunlab inspect --json`: what is seen of a device, one event a line."""

import json
from collections.abc import Sequence

from tunlab.engine.inspection import Arrived, Rates
from tunlab.engine.packets import captured_packet
from tunlab.model.device import DeviceDetails
from tunlab.model.events import Counters, DeviceSeen, Entry
from tunlab.session.log import EventLog
from tunlab.ui.output import Output


class InspectJson:
    """Writes an event for all that is told. `most`: packets to write, None: no end."""

    def __init__(self, node: str, device: str, lab: str, most: int | None) -> None:
        self._node = node
        self._device = device
        self._most = most
        self._written = 0
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
        self._log.add(DeviceSeen(self._node, self._device, "", (), "", 0, "", 0, (), (), gone=True))

    def counted(self, counters: Counters, rates: Rates | None) -> None:
        self._log.add(counters)

    def arrived(self, packets: Sequence[Arrived]) -> None:
        for each in packets if self._most is None else packets[: self._most - self._written]:
            self._log.add(captured_packet(each.packet, self._node, each.step))
            self._written += 1

    def end(self) -> None:
        """All of it is written already."""

    def _write(self, entry: Entry) -> None:
        print(json.dumps(entry.as_json()), file=self._output, flush=True)
