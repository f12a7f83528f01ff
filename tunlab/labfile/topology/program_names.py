"""What the programs of a topology are called: as briefly as tells them apart."""

from collections import Counter
from dataclasses import replace

from tunlab.model.node_devices import Device, TunTap
from tunlab.model.program import Program
from tunlab.model.topology import Node


def told_apart(nodes: tuple[Node, ...]) -> tuple[Node, ...]:
    """`echo` stays `echo` where it is the only one; else it is `echo-h1`, or even `echo-h1-tun0`."""
    programs = [program for node in nodes for program in node.programs()]
    by_name = Counter(program.name for program in programs)
    by_node = Counter((program.name, program.node) for program in programs)

    def renamed(program: Program, device: str) -> Program:
        if by_name[program.name] == 1:
            return program
        name = f"{program.name}-{program.node}"
        return replace(program, name=name if by_node[program.name, program.node] == 1 else f"{name}-{device}")

    def told(device: Device) -> Device:
        if isinstance(device, TunTap) and device.program:
            return replace(device, program=renamed(device.program, device.name))
        return device

    return tuple(replace(node, devices=tuple(map(told, node.devices))) for node in nodes)
