"""The `topology` of lab.yaml: nodes and the links between them, with containerlab's keys."""

from collections.abc import Collection

from tunlab.labfile.cursor import Value
from tunlab.labfile.problems import shown
from tunlab.labfile.values import declared_name, endpoint, is_sysctl
from tunlab.model.topology import Endpoint, Link, Node, Topology

_KINDS = ("host",)


def read_topology(value: Value) -> Topology:
    """Nodes by name, and links whose endpoints are each used once."""
    fields = value.fields(("nodes",), ("links",))
    problems = value.source.problems
    entries = fields["nodes"].entries()
    nodes = {name: Node(name) for name in entries}
    for name, entry in entries.items():
        with problems.collect():
            declared_name(entry)
            nodes[name] = _node(name, entry)
    links: list[Link] = []
    used: dict[Endpoint, int] = {}
    for item in fields["links"].items() if "links" in fields else ():
        with problems.collect():
            links.append(_link(item, nodes, used))
    return Topology(tuple(nodes.values()), tuple(links))


def _node(name: str, value: Value) -> Node:
    fields = value.fields(("kind",), ("sysctl",))
    fields["kind"].choice(_KINDS)
    settings = fields["sysctl"].entries() if "sysctl" in fields else {}
    for key, setting in settings.items():
        if not is_sysctl(key):
            raise setting.error("lab_bad_sysctl", value=shown(key))
    return Node(name, tuple((key, setting.text()) for key, setting in settings.items()))


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
