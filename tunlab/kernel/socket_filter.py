"""Classic BPF programs on a socket: attached, and put together (Documentation/networking/filter.rst)."""

import ctypes
import socket
import struct

_SO_ATTACH_FILTER = 26  # asm-generic/socket.h
_INSTRUCTION = struct.Struct("=HBBI")  # linux/filter.h, struct sock_filter: code, jump if true, if false, operand
_LOAD, _JUMP, _JUMP_EQUAL, _RETURN = 0x20, 0x05, 0x15, 0x06  # linux/bpf_common.h
_METADATA = 0xFFFFF000  # SKF_AD_OFF as an unsigned number
_IFINDEX, _HARDWARE_TYPE = _METADATA + 8, _METADATA + 28
MOST_INSTRUCTIONS = 4000  # the kernel's 4096 (BPF_MAXINSNS), and room for what we put in front
_EVERYTHING = 0x7FFFFFFF  # bytes of a packet that are kept

REFUSE = _INSTRUCTION.pack(_RETURN, 0, 0, 0)
ACCEPT = _INSTRUCTION.pack(_RETURN, 0, 0, _EVERYTHING)


def length(program: bytes) -> int:
    """The number of instructions."""
    return len(program) // _INSTRUCTION.size


def attach(to: socket.socket, program: bytes) -> None:
    """From here on `to` receives only what `program` lets through; an empty program lets everything through."""
    if not program:
        program = ACCEPT
    buffer = ctypes.create_string_buffer(program, len(program))
    # linux/filter.h, struct sock_fprog: the number of instructions, and where they are
    to.setsockopt(
        socket.SOL_SOCKET,
        _SO_ATTACH_FILTER,
        struct.pack("HP", length(program), ctypes.addressof(buffer)),
    )


def only_interface(index: int, program: bytes) -> bytes:
    """`program` for the packets of one device; nothing of the others."""
    test = _INSTRUCTION.pack(_LOAD, 0, 0, _IFINDEX) + _INSTRUCTION.pack(_JUMP_EQUAL, 1, 0, index)
    return test + REFUSE + (program or ACCEPT)


def by_link_header(hardware_types: tuple[int, ...], ethernet: bytes, others: bytes) -> bytes:
    """`ethernet` for the packets of devices of these types (ARPHRD_), `others` for the rest."""
    tests = [_INSTRUCTION.pack(_LOAD, 0, 0, _HARDWARE_TYPE)]
    for number, each in enumerate(hardware_types):
        over = len(hardware_types) - number  # the tests behind this one, and the jump
        tests.append(_INSTRUCTION.pack(_JUMP_EQUAL, over, 0, each))
    tests.append(_INSTRUCTION.pack(_JUMP, 0, 0, length(ethernet)))
    return b"".join(tests) + ethernet + others


def whole_packets(program: bytes) -> bytes:
    """The same program, but what it lets through is not cut off."""
    return b"".join(
        ACCEPT if code == _RETURN and operand else _INSTRUCTION.pack(code, yes, no, operand)
        for code, yes, no, operand in _INSTRUCTION.iter_unpack(program)
    )
