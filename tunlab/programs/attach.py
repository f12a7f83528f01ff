"""Tries to attach to a tun or tap device, and to write into it, and prints what the kernel says to each."""

import argparse
import os
import sys

from tunlab.errors import KernelError
from tunlab.kernel.errno_names import name_of
from tunlab.kernel.tuntap import Flags, Tun, is_up
from tunlab.programs.report import Reporter


def main() -> int:
    """1 where the kernel refused something, else 0."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", required=True, help="the device's name; where there is none it is made")
    parser.add_argument("--tap", action="store_true", help="as a tap device, not a tun")
    parser.add_argument("--multi-queue", action="store_true", help="as one of several: IFF_MULTI_QUEUE")
    parser.add_argument("--write", type=bytes.fromhex, metavar="HEX", help="the bytes to write once it is attached")
    wanted = parser.parse_args()
    names = ["IFF_TAP" if wanted.tap else "IFF_TUN", *["IFF_MULTI_QUEUE"] * wanted.multi_queue, "IFF_NO_PI"]
    flags = Flags.TAP if wanted.tap else Flags.TUN
    flags |= Flags.NO_PI | (Flags.MULTI_QUEUE if wanted.multi_queue else Flags(0))
    asked = f"TUNSETIFF {wanted.device} {'|'.join(names)}"
    try:
        with Tun(wanted.device, flags) as tun:
            print(f"{asked}: attached", flush=True)
            return 0 if wanted.write is None else write(tun, wanted.write)
    except KernelError as error:
        print(f"{asked}: {error.errno_name}", flush=True)
        return 1


def write(tun: Tun, data: bytes) -> int:
    """Write once. 1 where the kernel refused it."""
    report = Reporter(tun.name)
    asked = f"{tun.name} {'UP' if is_up(tun.name) else 'DOWN'}: write 0x{data.hex()}"
    try:
        written = os.write(tun.fd, data)
    except OSError as error:
        print(f"{asked}: {name_of(error)}", flush=True)
        return 1
    report.packet("written", data)
    print(f"{asked}: {written} byte{'s' * (written != 1)} written", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
