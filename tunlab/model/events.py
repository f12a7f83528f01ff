"""All that happens in a run, as plain data: the one truth that screens, files and checks read.

The names and fields are those of `--json`; `as_json` adds schema, event and t.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from tunlab.model.device import DeviceDetails
from tunlab.model.packet import Layer
from tunlab.model.ping import PingAnswer, PingFinished
from tunlab.model.trace import Hop, Traced
from tunlab.model.tunnel import TunnelTold

SCHEMA = 1
SOLVED = "solved"


@dataclass(frozen=True, slots=True)
class RunStarted:
    event: ClassVar[str] = "run_started"
    lab: str
    session: str
    kernel: str
    version: str


@dataclass(frozen=True, slots=True)
class StepStarted:
    event: ClassVar[str] = "step_started"
    step: str


@dataclass(frozen=True, slots=True)
class StepRunning:
    """From here on it counts: what somebody tried out while the question stood there is not the step's."""

    event: ClassVar[str] = "step_running"
    step: str


@dataclass(frozen=True, slots=True)
class Action:
    """A verb was carried out. `command` is what a person would type.

    `error` is the errno's name, the key of our sentence where it was no errno, `interrupted`, or None.
    """

    event: ClassVar[str] = "action"
    step: str
    verb: str
    node: str
    command: str
    error: str | None = None


@dataclass(frozen=True, slots=True)
class PacketSeen:
    """A packet told by whoever saw it: a program (`read`, `written`) or a capture (`out`, `in`).

    `length` in bytes, `time_ns` since the epoch, as the kernel stamped it. `joined`: the program told only
    the length, and the captured packet of that length and rank was put beside it.
    """

    event: ClassVar[str] = "packet"
    step: str
    node: str
    device: str
    seen_by: str
    direction: str
    length: int
    summary: str
    layers: tuple[Layer, ...] = ()
    time_ns: int = 0
    data: str = ""  # hexadecimal
    link: str = "RAW"  # the name of its LinkType
    program: str | None = None
    joined: bool = False

    def fields(self) -> dict[str, str]:
        """The values of the headers' fields by name, `IP.ttl`; numbers in decimal, as programs print them."""
        return {
            f"{layer.name}.{field.name}": str(int(field.value, 16)) if field.value.startswith("0x") else field.value
            for layer in reversed(self.layers)  # of a header within another of its kind, the outer one's count
            for field in layer.fields
        }


@dataclass(frozen=True, slots=True)
class CaptureState:
    """What `inspect` has captured of a device: packets in all, those that came too fast to be told, the kernel's drops.

    `refused`: the name of the errno where capturing is not allowed, else None.
    """

    event: ClassVar[str] = "capture"
    node: str
    device: str
    captured: int
    not_shown: int
    dropped: int
    refused: str | None = None


@dataclass(frozen=True, slots=True)
class Counters:
    event: ClassVar[str] = "counters"
    node: str
    device: str
    rx_packets: int
    rx_bytes: int
    rx_dropped: int
    tx_packets: int
    tx_bytes: int
    tx_dropped: int


@dataclass(frozen=True, slots=True)
class Holder:
    """A process that has a tun or tap device open. `pid` is the one inside the sandbox."""

    pid: int
    fd: int
    command: str
    program: str | None


@dataclass(frozen=True, slots=True)
class DeviceSeen:
    """A device as the kernel describes it; `gone` when it has vanished.

    `link_address` is its MAC, or empty where it has none, as a tun; `peer` the other end of a veth pair, `h2:eth0`,
    where that is in a node of the lab; `master` is the bridge that it is a port of; `link_layer` is `ether`, `none`
    or `loopback`, as ip-link(8) has it; `index` the kernel's number of it, another one for each new device.
    """

    event: ClassVar[str] = "device"
    node: str
    device: str
    kind: str
    flags: tuple[str, ...]
    state: str
    mtu: int
    qdisc: str
    txqlen: int
    addresses: tuple[str, ...]
    holders: tuple[Holder, ...]
    gone: bool = False
    link_address: str = ""
    peer: str | None = None
    index: int = 0
    link_layer: str = ""
    master: str | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """What one way to another node is worth: round trips in microseconds, TCP in bits per second in its best turn.

    `tool` is what has measured the throughput, `iperf3` or `stream`.
    """

    event: ClassVar[str] = "measured"
    step: str
    node: str
    way: str
    address: str
    us_min: float
    us_median: float
    us_max: float
    bits_per_second: float
    tool: str


@dataclass(frozen=True, slots=True)
class Output:
    event: ClassVar[str] = "output"
    step: str
    node: str
    program: str
    line: str


@dataclass(frozen=True, slots=True)
class CheckJudged:
    """`status` is pass, fail, unknown (not the learner's fault) or skipped, with a `reason`."""

    event: ClassVar[str] = "check"
    step: str
    check: str
    claims: tuple[str, ...]
    status: str
    expected: str
    actual: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class PredictionJudged:
    """What the learner committed to before the step ran, and what the run measured.

    `kind` is choice, number or text. Of a choice, `answer` and `observed` are ids. `answer` and `matched` are None
    where no prediction was made, `observed` and `matched` where nothing was measured that answers the question.
    """

    event: ClassVar[str] = "prediction"
    step: str
    kind: str
    answer: str | None
    observed: str | None
    matched: bool | None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class StepFinished:
    """`state` is done, failed, skipped or error; `solved`: tunlab ran what was the learner's to do."""

    event: ClassVar[str] = "step_finished"
    step: str
    state: str
    solved: bool = False

    def ended(self) -> str:
        """How it ended for the learner: `state`, or `solved` where tunlab did it for them."""
        return SOLVED if self.solved and self.state == "done" else self.state


@dataclass(frozen=True, slots=True)
class RunFinished:
    event: ClassVar[str] = "run_finished"
    state: str
    passed: int
    failed: int
    unknown: int
    skipped: int


@dataclass(frozen=True, slots=True)
class StepProved:
    """`tunlab lab prove`: of `checks`, how many failed before the step's action and passed after it.

    `state` is proved, failed or skipped; `early` and `late` name the checks that did not do so. `rebuilt`: what the
    steps before it left could be brought back, so that one can begin at this step.
    """

    event: ClassVar[str] = "step_proved"
    step: str
    state: str
    checks: int
    failed_before: int
    passed_after: int
    early: tuple[str, ...] = ()
    late: tuple[CheckJudged, ...] = ()
    reason: str | None = None
    rebuilt: bool = True


@dataclass(frozen=True, slots=True)
class LabProved:
    """The end of a proof; `left` lists namespaces, mounts and processes that outlived the lab."""

    event: ClassVar[str] = "lab_proved"
    state: str
    left: tuple[str, ...]


Happening = (
    RunStarted
    | StepRunning
    | StepStarted
    | Action
    | PacketSeen
    | CaptureState
    | Counters
    | DeviceSeen
    | DeviceDetails
    | Output
    | CheckJudged
    | PredictionJudged
    | StepFinished
    | RunFinished
    | StepProved
    | LabProved
    | PingAnswer
    | PingFinished
    | Hop
    | Traced
    | Measured
    | TunnelTold
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the log: what happened, `t` seconds after the run began, in which lab of a section."""

    t: float
    lab: str
    what: Happening

    def as_json(self) -> Mapping[str, Any]:
        """The event as one JSON object of schema 1."""
        fields = asdict(self.what)
        return {"schema": SCHEMA, "event": self.what.event, "t": round(self.t, 6), "lab": self.lab} | fields
