"""Holds a tun device and reads nothing, except exactly one packet at each SIGUSR1."""

import os
import sys

from tunlab.kernel.tuntap import Tun
from tunlab.model.packet import LinkType
from tunlab.packet.summary import summary
from tunlab.programs import on_signal
from tunlab.programs.far_end import BUFFER, command_line, serve
from tunlab.programs.report import Reporter


def work(tun: Tun, report: Reporter) -> None:
    os.set_blocking(tun.fd, False)
    while True:
        on_signal.wait()
        try:
            packet = os.read(tun.fd, BUFFER)
        except BlockingIOError:
            print("Nothing to read", flush=True)
            continue
        report.packet("read", packet)
        print(f"Read {len(packet)} bytes: {summary(packet, LinkType.RAW)}", flush=True)


if __name__ == "__main__":
    on_signal.block()
    sys.exit(serve(command_line(__doc__).parse_args().device, "holding only", work))
