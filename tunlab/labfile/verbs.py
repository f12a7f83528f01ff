"""The `do` of a step: each item is one verb, a mapping with one key."""

import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import replace

from tunlab.labfile import known
from tunlab.labfile.cursor import Value, if_there, texts
from tunlab.labfile.values import (
    Scope,
    address,
    device_name,
    endpoint,
    identifier,
    interface_address,
    node_name,
    prefix,
    program,
    sysctl_key,
)
from tunlab.model.trace import PROTOCOLS
from tunlab.model.verbs import (
    AddAddress,
    AddDevice,
    AddRoute,
    DeleteDevice,
    Execute,
    Measure,
    Ping,
    SetLink,
    SetSysctl,
    SignalProgram,
    StartProgram,
    StopProgram,
    Trace,
    Verb,
)


def read_verb(value: Value, scope: Scope) -> Verb:
    """One thing that a step does."""
    entries = value.entries()
    if len(entries) != 1:
        raise value.error("lab_one_verb", names=", ".join(VERBS))
    [(name, body)] = entries.items()
    if name not in VERBS:
        raise value.unknown("lab_unknown_verb", name, VERBS)
    return VERBS[name](body, scope)


def _device(value: Value, scope: Scope) -> Verb:
    fields = value.fields(("at",), ("add", "peer", "remove"))
    at = endpoint(fields["at"], scope.nodes)
    kind = None
    if value.one_of(fields, "add", "remove") == "add":
        kind = fields["add"].choice(("tun", "tap", "bridge", "veth"))
    else:
        fields["remove"].choice(("true",))
    if (kind == "veth") != ("peer" in fields):
        raise value.error("lab_peer")
    if kind is None:
        return DeleteDevice(at)
    return AddDevice(at, kind, if_there(fields.get("peer"), lambda peer: endpoint(peer, scope.nodes)))


def _link(value: Value, scope: Scope) -> Verb:
    fields = value.fields(("at",), ("set", "mtu", "master"))
    value.some_of(fields, "set", "mtu", "master")
    return SetLink(
        endpoint(fields["at"], scope.nodes),
        state=if_there(fields.get("set"), lambda state: state.choice(("up", "down"))),
        mtu=if_there(fields.get("mtu"), lambda mtu: mtu.integer(68, 65535)),
        master=if_there(fields.get("master"), device_name),
    )


def _address(value: Value, scope: Scope) -> Verb:
    fields = value.fields(("at", "add"))
    return AddAddress(endpoint(fields["at"], scope.nodes), interface_address(fields["add"]))


def _route(value: Value, scope: Scope) -> Verb:
    fields = value.fields(("node", "to"), ("via", "device"))
    value.some_of(fields, "via", "device")
    to = prefix(fields["to"])
    via = if_there(fields.get("via"), address)
    if via and to != "default" and ipaddress.ip_interface(to).version != ipaddress.ip_address(via).version:
        raise value.error("lab_route_families", to=to, via=via)
    return AddRoute(node_name(fields["node"], scope.nodes), to, via, if_there(fields.get("device"), device_name))


def _sysctl(value: Value, scope: Scope) -> Verb:
    fields = value.fields(("node", "key", "value"))
    return SetSysctl(node_name(fields["node"], scope.nodes), sysctl_key(fields["key"]), fields["value"].text())


def _start(value: Value, scope: Scope) -> Verb:
    return StartProgram(program(value, scope))


def _stop(value: Value, scope: Scope) -> Verb:
    return StopProgram(program(value, scope))


def _signal(value: Value, scope: Scope) -> Verb:
    fields = value.fields(("program", "signal"))
    return SignalProgram(program(fields["program"], scope), fields["signal"].choice(known.SIGNALS))


def _ping(value: Value, scope: Scope) -> Verb:
    fields = value.fields(("node", "to"), ("count", "interval"))
    ping = Ping(node_name(fields["node"], scope.nodes), address(fields["to"]))
    if "count" in fields:
        ping = replace(ping, count=fields["count"].integer(1, 1000))
    if "interval" in fields:
        ping = replace(ping, interval=fields["interval"].seconds())
    return ping


def _trace(value: Value, scope: Scope) -> Verb:
    fields = value.fields(("node", "to"), ("protocol", "size", "port", "df"))
    trace = Trace(node_name(fields["node"], scope.nodes), address(fields["to"]))
    if "protocol" in fields:
        trace = replace(trace, protocol=fields["protocol"].choice(PROTOCOLS))
    if "size" in fields:
        trace = replace(trace, size=fields["size"].integer(56, 65535))
    if "port" in fields:
        trace = replace(trace, port=fields["port"].integer(1, 65535))
    if "df" in fields:
        trace = replace(trace, df=fields["df"].choice(("true",)) == "true")
    if "port" in fields and trace.protocol == "icmp":
        raise fields["port"].error("lab_trace_port")
    if "size" in fields and trace.protocol == "tcp":
        raise fields["size"].error("lab_trace_size")
    return trace


def _measure(value: Value, scope: Scope) -> Verb:
    fields = value.fields(("node", "to", "ways"), ("seconds",))
    ways = tuple((identifier(way), address(way)) for way in fields["ways"].entries().values())
    measure = Measure(node_name(fields["node"], scope.nodes), node_name(fields["to"], scope.nodes), ways)
    return replace(measure, seconds=fields["seconds"].integer(1, 60)) if "seconds" in fields else measure


def _exec(value: Value, scope: Scope) -> Verb:
    fields = value.fields(("node", "command"), ("status", "lasting"))
    status = if_there(fields.get("status"), lambda status: status.integer(0, 255)) or 0
    lasting = "lasting" in fields and fields["lasting"].choice(("true",)) == "true"
    return Execute(node_name(fields["node"], scope.nodes), texts(fields["command"]), status, lasting)


VERBS: Mapping[str, Callable[[Value, Scope], Verb]] = {
    "device": _device,
    "link": _link,
    "address": _address,
    "route": _route,
    "sysctl": _sysctl,
    "start": _start,
    "stop": _stop,
    "signal": _signal,
    "ping": _ping,
    "trace": _trace,
    "measure": _measure,
    "exec": _exec,
}
