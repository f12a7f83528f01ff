"""Follows a packet through the nodes of a running lab, and logs its hops and its end."""

from dataclasses import replace

from tunlab.engine.stage import Stage
from tunlab.engine.trace.tracer import Tracer, Wanted
from tunlab.model.verbs import Trace


def trace(stage: Stage, verb: Trace) -> None:
    """Until its answer is back, or for a second and a half. Raises TunlabError where it cannot be done at all."""
    nodes = {name: node.namespace.fileno() for name, node in stage.nodes.items()}
    wanted = Wanted(verb.node, verb.to, verb.protocol, size=verb.size, df=verb.df)
    if verb.port is not None:
        wanted = replace(wanted, port=verb.port)
    with Tracer(nodes, stage.loop) as tracer:
        for told in tracer.trace(wanted, stage.log.step):
            stage.log.add(told)
