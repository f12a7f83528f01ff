"""Answers the echo requests that it reads from a tun device: swaps the addresses with scapy, writes them back."""

import os
import sys

from tunlab.kernel.tuntap import Tun
from tunlab.packet.craft import swap_and_answer
from tunlab.packet.scapy_loader import load_scapy
from tunlab.programs.far_end import BUFFER, run
from tunlab.programs.report import Reporter


def take(tun: Tun, packet: bytes, report: Reporter) -> None:
    answer = swap_and_answer(packet)
    if answer is None:
        print(f"Read {len(packet)} bytes, nothing to answer", flush=True)
        return
    os.write(tun.fd, answer)
    report.packet("written", answer, cause=report.number)
    print(f"Read {len(packet)} bytes, wrote {len(answer)} bytes back", flush=True)


if __name__ == "__main__":
    load_scapy()  # before the device is there, so that the first answer is as quick as the others
    sys.exit(run(__doc__, "answering", BUFFER, take))
