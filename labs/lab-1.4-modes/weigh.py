"""What eth0 sends for the same data by each tunnel, in bytes, as bars: the kernel's own counter before and after."""

import subprocess
import sys
from pathlib import Path

WAYS = {"plain": "192.168.1.3", "compressed": "192.168.2.3", "encrypted": "192.168.3.3"}
COUNT, WIDTH = "20", 36


def sent() -> int:
    return int(Path("/sys/class/net/eth0/statistics/tx_bytes").read_text())


def told(is_so: bool) -> str:
    return "yes" if is_so else "no"


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
    half = {kind: found[kind, "compressed"] < found[kind, "plain"] / 2 for kind in ("text", "random")}
    print(f"compressed to less than half: text {told(half['text'])}, and random: {told(half['random'])}")
    more = all(found[kind, "encrypted"] > found[kind, "plain"] for kind in ("text", "random"))
    print(f"encrypted is longer than plain: {told(more)}")


main()
