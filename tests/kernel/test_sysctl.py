"""Settings under net., in a node."""

from pathlib import Path
from typing import Any

import pytest
from inside import Sandboxed, nodes

from tunlab.errors import KernelError, TunlabError
from tunlab.kernel import sysctl

pytestmark = pytest.mark.needs("sandbox")

FORWARD = Path("/proc/sys/net/ipv4/ip_forward")


def test_setting_of_one_node(sandboxed: Sandboxed) -> None:
    def inside(_: Any) -> list[str]:
        with nodes("h1", "h2") as (h1, h2):
            for node, value in ((h1, "1"), (h2, "0")):
                with node.namespace.entered():
                    sysctl.write("net.ipv4.ip_forward", value)
            return [node.output("cat", str(FORWARD)).strip() for node in (h1, h2)]

    assert sandboxed(inside) == ["1", "0"]


@pytest.mark.parametrize(
    "key",
    [
        "kernel.hostname",
        "vm.swappiness",
        "net",
        "net.",
        "net/../kernel/hostname",
        "net...kernel.hostname",
        "net./proc/sys/kernel/hostname",
        "/proc/sys/kernel/hostname",
    ],
)
def test_key_outside_of_net(sandboxed: Sandboxed, key: str) -> None:
    with pytest.raises(TunlabError) as refused:
        sandboxed(lambda front: sysctl.write(key, "1"))
    assert refused.value.key == "sysctl_outside_net"


@pytest.mark.parametrize(
    ("key", "value", "errno_name"),
    [("net.ipv4.no_such_key", "1", "ENOENT"), ("net.ipv4.ip_forward", "much", "EINVAL"), ("net.ipv4", "1", "EISDIR")],
)
def test_refused_by_the_kernel(sandboxed: Sandboxed, key: str, value: str, errno_name: str) -> None:
    with pytest.raises(KernelError) as refused:
        sandboxed(lambda front: sysctl.write(key, value))
    assert (refused.value.errno_name, refused.value.attempt) == (errno_name, f"sysctl -w {key}={value}")
