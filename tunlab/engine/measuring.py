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
PORT = "5201"  # as iperf3 has it
_PATIENCE = 10.0  # seconds beyond the measurement
_SERVER = "measure"


def measure(stage: Stage, verb: Measure) -> None:
    """Log what each way is worth. Raises TunlabError where nothing comes back on one."""
    node = stage.nodes[verb.node]
    for way, address in verb.ways:
        with stage.unheard():
            with node.namespace.entered():
                times = round_trips(address, ROUND_TRIPS)
            if not times:
                raise TunlabError("measure_no_answer", node=verb.node, way=way, address=address)
            tool, bits = _throughput(stage, verb, address)
        stage.log.add(
            Measured(stage.log.step, verb.node, way, address, min(times), median(times), max(times), bits, tool)
        )


def _throughput(stage: Stage, verb: Measure, address: str) -> tuple[str, float]:
    """By iperf3 where it is installed, else by a program of ours; in bits per second, as the receiver has counted."""
    seconds = f"{verb.seconds:g}"
    if shutil.which("iperf3", path=paths.search_path()):
        server = Program(
            _SERVER, verb.to, words=("iperf3", "-s", "-1", "-B", address, "-p", PORT), ready="listening on"
        )
        client = ("iperf3", "-c", address, "-p", PORT, "-t", seconds, "-C", "cubic", "-J")
        told = _asked(stage, verb, server, client)
        return "iperf3", float(told["end"]["sum_received"]["bits_per_second"])
    module = ("python3", "-m", "tunlab.programs.stream", "--port", PORT)
    server = Program(_SERVER, verb.to, words=(*module, "--listen", address), ready="Listening")
    told = _asked(stage, verb, server, (*module, "--to", address, "--seconds", seconds))
    return "stream", 8 * told["bytes"] / told["seconds"]


def _asked(stage: Stage, verb: Measure, server: Program, client: tuple[str, ...]) -> Any:
    """What the client prints, as JSON."""
    stage.programs.start(server, private=True)
    try:
        lines = stage.programs.run(verb.node, client, verb.seconds + _PATIENCE, private=True)
        return json.loads("\n".join(lines))
    finally:
        stage.programs.stop(server)
