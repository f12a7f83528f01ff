"""Somebody on the cable who records four records on their way to B, and sends them a second time."""

import select
import subprocess
import sys
import tempfile
from pathlib import Path

from scapy.all import UDP, rdpcap, sendp

COUNT = 4
PATIENCE = 10  # seconds


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "records.pcapng")
        words = ["tunlab", "capture", "--host", "eth0", "--filter", "udp port 8287 and dst host 100.89.104.22"]
        words += ["--count", str(COUNT), "--write", str(file)]
        with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as capture:
            try:
                if not select.select([capture.stderr], [], [], PATIENCE)[0]:
                    sys.exit("tunlab capture does not begin")
                print(capture.stderr.readline(), end="", flush=True)  # from now on it captures
                subprocess.run([sys.executable, "send.py", "192.168.3.3", str(COUNT)], check=True)
                print(capture.communicate(timeout=PATIENCE)[1], end="", flush=True)
            finally:
                capture.kill()
        frames = rdpcap(str(file))
    for frame in frames:
        del frame[UDP].chksum  # here it is not made yet: that is left to the device, and scapy makes it instead
    sendp(frames, iface="eth0", verbose=False)
    print(f"sent again: {len(frames)} records")


main()
