"""A VPN of the tests' own, which tells nobody anything: packets of a tun, in UDP, each byte XORed with a key."""

import os
import select
import socket
import sys

from tunlab.kernel.tuntap import Flags, Tun


def main(device: str, local: str, remote: str, key: int) -> None:
    link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    link.bind((local, 8285))
    hidden = bytes(byte ^ key for byte in range(256))
    with Tun(device, Flags.TUN | Flags.NO_PI) as tun:
        print("ready", flush=True)
        while True:
            for each in select.select([tun.fd, link], [], [])[0]:
                if each is link:
                    os.write(tun.fd, link.recv(65535).translate(hidden))
                else:
                    link.sendto(os.read(tun.fd, 65535).translate(hidden), (remote, 8285))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
