"""Somebody on the cable who records four records on their way to B, and sends them a second time."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from scapy.all import UDP, rdpcap, sendp

COUNT = 4
PATIENCE = 10  # seconds


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "records.pcapng")
        words = ["tunlab", "capture", "--host", "eth0", "--filter", "udp port 8287 and dst host 100.89.104.22"]
        with subprocess.Popen([*words, "--count", str(COUNT), "--write", file]) as capture:
            try:
                end = time.monotonic() + PATIENCE
                while not (file.exists() and file.stat().st_size):  # it begins with the file
                    if time.monotonic() > end:
                        sys.exit("tunlab capture does not begin")
                    time.sleep(0.01)
                subprocess.run([sys.executable, "send.py", "192.168.3.3", str(COUNT)], check=True)
                capture.wait(PATIENCE)
            finally:
                capture.kill()
        frames = rdpcap(str(file))
    for frame in frames:
        del frame[UDP].chksum  # here it is not made yet: that is left to the device, and scapy makes it instead
    sendp(frames, iface="eth0", verbose=False)
    print(f"sent again: {len(frames)} records")


main()
