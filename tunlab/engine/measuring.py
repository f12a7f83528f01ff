"""The measure verb: round trip and throughput by several ways in turn, while nobody looks at the packets."""

import json
import shutil
from statistics import median
from typing import Any

from tunlab import paths
from tunlab.engine.stage import Stage
from tunlab.errors import TunlabError
from tunlab.kernel.round_trip import round_trips
from tunlab.model.events import Measured
from tunlab.model.program import Program
from tunlab.model.verbs import Measure

ROUND_TRIPS = 200
TURNS = 2
PORT = "5201"  # as iperf3 has it
_PATIENCE = 10.0  # seconds beyond the measurement
_SERVER = "measure"


def measure(stage: Stage, verb: Measure) -> None:
    """Log what each way is worth, with the throughput of its best turn: what else the machine does falls on none alone.

    Raises TunlabError where nothing comes back on one.
    """
    times: dict[str, list[float]] = {way: [] for way, _ in verb.ways}
    most: dict[str, tuple[float, str]] = {}
    for _ in range(TURNS):
        for way, address in verb.ways:
            with stage.unheard():
                with stage.nodes[verb.node].namespace.entered():
                    found = round_trips(address, ROUND_TRIPS // TURNS)
                if not found:
                    raise TunlabError("measure_no_answer", node=verb.node, way=way, address=address)
                times[way] += found
                most[way] = max(most.get(way, (0.0, "")), _throughput(stage, verb, address))
    for way, address in verb.ways:
        found, (bits, tool) = times[way], most[way]
        stage.log.add(
            Measured(stage.log.step, verb.node, way, address, min(found), median(found), max(found), bits, tool)
        )


def _throughput(stage: Stage, verb: Measure, address: str) -> tuple[float, str]:
    """In bits per second, as the receiver has counted: by iperf3 where it is installed, else by a program of ours."""
    seconds = str(verb.seconds)
    if shutil.which("iperf3", path=paths.search_path()):
        server = Program(
            _SERVER, verb.to, words=("iperf3", "-s", "-1", "-B", address, "-p", PORT), ready="listening on"
        )
        client = ("iperf3", "-c", address, "-p", PORT, "-t", seconds, "-C", "cubic", "-J")
        told = _asked(stage, verb, server, client)
        return float(told["end"]["sum_received"]["bits_per_second"]), "iperf3"
    module = ("python3", "-m", "tunlab.programs.stream", "--port", PORT)
    server = Program(_SERVER, verb.to, words=(*module, "--listen", address), ready="Listening")
    told = _asked(stage, verb, server, (*module, "--to", address, "--seconds", seconds))
    return 8 * told["bytes"] / told["seconds"], "stream"


def _asked(stage: Stage, verb: Measure, server: Program, client: tuple[str, ...]) -> Any:
    """What the client prints, as JSON."""
    stage.programs.start(server, private=True)
    try:
        lines = stage.programs.run(verb.node, client, verb.seconds + _PATIENCE, private=True)
        return json.loads("\n".join(lines))
    finally:
        stage.programs.stop(server)
