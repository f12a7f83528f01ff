"""What eth0 sends for the same data by each tunnel, in bytes, as bars: the kernel's own counter before and after."""

import subprocess
import sys
from pathlib import Path

WAYS = {"plain": "192.168.1.3", "compressed": "192.168.2.3", "encrypted": "192.168.3.3"}
COUNT, WIDTH = "20", 36


def sent() -> int:
    return int(Path("/sys/class/net/eth0/statistics/tx_bytes").read_text())


def main() -> None:
    found = {}
    for kind in ("text", "random"):
        for way, address in WAYS.items():
            before = sent()
            subprocess.run([sys.executable, "send.py", address, COUNT, kind], check=True)
            found[kind, way] = sent() - before
    most = max(found.values())
    for (kind, way), size in found.items():
        print(f"{kind:6}  {way:10}  {'█' * max(1, WIDTH * size // most):{WIDTH}}  {size:6}")
    for kind in ("text", "random"):
        plain, compressed = found[kind, "plain"], found[kind, "compressed"]
        print(f"{kind} compressed to less than half: {'yes' if compressed < plain / 2 else 'no'}")
    more = all(found[kind, "encrypted"] > found[kind, "plain"] for kind in ("text", "random"))
    print(f"encrypted is longer than plain: {'yes' if more else 'no'}")


main()
