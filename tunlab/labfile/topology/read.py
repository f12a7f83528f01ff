"""The value of `topology`, in whichever file it stands, becomes a Topology."""

from dataclasses import replace

from tunlab.labfile.cursor import Value
from tunlab.labfile.topology import keys
from tunlab.labfile.topology.addresses import AddressBook
from tunlab.labfile.topology.draft import Draft
from tunlab.labfile.topology.links import read_link
from tunlab.labfile.topology.nodes import read_nodes
from tunlab.labfile.topology.program_names import told_apart
from tunlab.labfile.topology.references import check_references, in_order
from tunlab.model.endpoint import Endpoint
from tunlab.model.node_devices import Device
from tunlab.model.topology import Link, Node, Topology


def read_topology(value: Value) -> Topology:
    """Nodes, links and devices. Errors in them are gathered in the value's problems, and what is faulty is left out."""
    fields = keys.fields(value, keys.TOPOLOGY, "nodes")
    problems = value.source.problems
    drafts = read_nodes(fields["nodes"], fields.get("defaults"), fields.get("kinds"))
    links: list[Link] = []
    used: dict[Endpoint, int] = {}
    items = fields["links"].items() if "links" in fields else []
    for item in items:
        with problems.collect():
            links.append(read_link(item, drafts, used))
    book = AddressBook()
    nodes = tuple(_finished(draft, book, len(links) == len(items)) for draft in drafts.values())
    return Topology(told_apart(nodes), tuple(links))


def _finished(draft: Draft, book: AddressBook, links_known: bool) -> Node:
    problems = draft.value.source.problems
    check_references(draft, links_known)
    for name, placed in draft.placed.items():
        for value in placed.addresses():
            with problems.collect():
                book.note(value, Endpoint(draft.node.name, name))
    devices: tuple[Device, ...] = ()
    with problems.collect():
        devices = in_order(draft)
    return replace(draft.node, devices=devices)
