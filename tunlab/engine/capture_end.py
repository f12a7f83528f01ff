"""Ends a capture's file, also where whoever wrote it was killed with its sandbox."""

import os
import time

from tunlab.engine.capture_counts import Counted
from tunlab.packet.pcapng import PcapngWriter


def end_file(output: int, counted: Counted, killed: bool) -> None:
    """Write how many packets each interface got and how many were dropped.

    Of what was being written when the writer was killed, only whole blocks stay. Raises OSError where the file refuses.
    """
    if killed:
        if counted.written is None or counted.written > os.fstat(output).st_size:
            return  # of a pipe nobody knows where it stopped; nor where others than we have counted
        os.ftruncate(output, counted.written)
        os.lseek(output, counted.written, os.SEEK_SET)
    with os.fdopen(output, "wb", closefd=False) as file:
        writer = PcapngWriter(file, begun=True)
        now = time.time_ns()
        for ring in counted.rings:
            known = not ring.of_node or not ring.dropped
            comment = (
                "" if known else f"the kernel dropped {ring.dropped} packets of the devices of {ring.name} together"
            )
            for number, captured in ring.captured.items():
                writer.statistics(number, now, captured, ring.dropped if known else None, comment)
