"""The `topology` of lab.yaml: nodes and the links between them, with containerlab's keys."""

from collections.abc import Collection

from tunlab.labfile.cursor import Value
from tunlab.labfile.values import declared_name, endpoint
from tunlab.model.topology import Endpoint, Link, Node, Topology

_KINDS = ("host",)


def read_topology(value: Value) -> Topology:
    """Nodes by name, and links whose endpoints are each used once."""
    fields = value.fields(("nodes",), ("links",))
    problems = value.source.problems
    nodes = fields["nodes"].entries()
    for node in nodes.values():
        with problems.collect():
            declared_name(node)
            node.fields(("kind",))["kind"].choice(_KINDS)
    links: list[Link] = []
    used: dict[Endpoint, int] = {}
    for item in fields["links"].items() if "links" in fields else ():
        with problems.collect():
            links.append(_link(item, nodes, used))
    return Topology(tuple(Node(name) for name in nodes), tuple(links))


def _link(value: Value, nodes: Collection[str], used: dict[Endpoint, int]) -> Link:
    ends = value.fields(("endpoints",))["endpoints"]
    items = ends.items()
    if len(items) != 2:
        raise ends.error("lab_two_endpoints", count=len(items))
    for item in items:
        end = endpoint(item, nodes)
        if end in used:
            raise item.error("lab_endpoint_twice", endpoint=end, first=used[end])
        used[end] = item.line
    near, far = (endpoint(item, nodes) for item in items)
    return Link((near, far))
