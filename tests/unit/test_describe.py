"""What a check demands, in words: every kind, in both languages."""

import pytest

from tunlab.i18n import Words
from tunlab.model.checks import (
    AgreeCheck,
    Check,
    CounterCheck,
    CrossingsCheck,
    DeviceCheck,
    FieldCheck,
    LengthCheck,
    OutputCheck,
    PacketCheck,
    PacketFilter,
    PrintedCheck,
    RatioCheck,
    TracedCheck,
)
from tunlab.model.topology import Endpoint
from tunlab.ui.describe import describe

TUN0, ETH0 = Endpoint("h1", "tun0"), Endpoint("h2", "eth0")
READ = PacketFilter(TUN0, "program", "read")
OUT = PacketFilter(TUN0, "capture", "out", 88, "echo", data="0000", text="secret")

CHECKS: list[tuple[Check, str, str]] = [
    (
        PacketCheck("a", (), OUT, 4),
        "captured at h1:tun0: exactly 4 packets of 88 bytes beginning with 0000 in whose bytes 'secret' can be read"
        " (echo) went out",
        "h1:tun0 抓到(出)的包，各 88 字节，以 0000 开头，字节里读得到“secret”（echo）：4 个",
    ),
    (
        PacketCheck("a", (), PacketFilter(TUN0, "program", "read", program="deaf"), 2, at_least=True),
        "the program at h1:tun0 read at least 2 packets told by deaf",
        "程序从 h1:tun0 读出的包，由 deaf 报告：至少 2 个",
    ),
    (
        PacketCheck("a", (), READ, 1, at_least=True, each=True),
        "each program at h1:tun0 read at least 1 packet",
        "h1:tun0 背后的每个程序各自读出的包：至少 1 个",
    ),
    (
        LengthCheck("a", (), READ, 88),
        "the last packet that the program at h1:tun0 read has 88 bytes",
        "程序从 h1:tun0 读出的最后一个包：88 字节",
    ),
    (
        CounterCheck("a", (), TUN0, "tx_packets", 0),
        "h1:tun0: the counter tx_packets grew by exactly 0",
        "h1:tun0 的计数器 tx_packets 的增量：0",
    ),
    (
        OutputCheck("a", (), "tcpdump", "echo", 4),
        "tcpdump printed exactly 4 times: echo",
        "tcpdump 的输出里含“echo”的行：4 行",
    ),
    (
        OutputCheck("a", (), None, "lo", 1, at_least=True),
        "printed at least 1 time: lo",
        "输出里含“lo”的行：至少 1 行",
    ),
    (PrintedCheck("a", (), "is {value}!", "so"), "printed: is so!", "打印了：is so!"),
    (PrintedCheck("a", (), "is {value}!", "so", "echo"), "echo printed: is so!", "echo 打印了：is so!"),
    (
        AgreeCheck("a", (), "tcpdump", "x", READ, 4),
        "tcpdump printed the very same packets, exactly 4",
        "tcpdump 打印的与抓到的一一对得上的包：4 个",
    ),
    (
        DeviceCheck("a", (), TUN0, ("UP",), ("NOARP",), "UP", "192.0.2.1/24", 1, "reader", 2, ETH0),
        "h1:tun0: UP, no NOARP, state UP, 192.0.2.1/24, addresses: 1, held by reader, open descriptors: 2, "
        "the other end is h2:eth0",
        "h1:tun0：UP，没有 NOARP，状态 UP，192.0.2.1/24，地址 1 个，另一端的程序是 reader，接着它的描述符 2 个，"
        "对端是 h2:eth0",
    ),
    (TracedCheck("a", (), "answered"), "the traced packet was answered", "跟踪的包：有应答"),
    (
        TracedCheck("a", (), "lost", "h1:eth0 in", "no_route"),
        "the traced packet was lost, last seen at h1:eth0 in, for the expected reason (no_route)",
        "跟踪的包：丢失，最后见于 h1:eth0 入，原因与预期相同（no_route）",
    ),
    (TracedCheck("a", (), last="h1:eth0 in"), "last seen at h1:eth0 in", "最后见于 h1:eth0 入"),
    (
        FieldCheck("a", (), READ, "IP.ttl", "63"),
        "in the last packet that the program at h1:tun0 read, IP.ttl is 63",
        "程序从 h1:tun0 读出的最后一个包：IP.ttl 为 63",
    ),
    (
        CrossingsCheck("a", (), "h2", "there", 1),
        "on its way there, the packet crossed the stack of h2 1 time",
        "去程：包穿过 h2 的协议栈 1 次",
    ),
    (
        RatioCheck("a", (), "throughput", "direct", "vpn", 2),
        "the throughput of direct is at least 2 times that of vpn",
        "direct 的吞吐量至少是 vpn 的 2 倍",
    ),
    (
        RatioCheck("a", (), "round_trip", "vpn", "direct", 2),
        "a round trip by vpn takes at least 2 times as long as by direct",
        "vpn 的往返时间至少是 direct 的 2 倍",
    ),
    (DeviceCheck("a", (), TUN0, mtu=1472), "h1:tun0: mtu 1472", "h1:tun0：mtu 1472"),
    (DeviceCheck("a", (), TUN0, link="none"), "h1:tun0: link/none", "h1:tun0：link/none"),
    (DeviceCheck("a", (), TUN0, gone=True), "h1:tun0: no longer there", "h1:tun0：已经不存在"),
]


@pytest.mark.parametrize(("check", "english", "chinese"), CHECKS)
def test_in_both_languages(check: Check, english: str, chinese: str) -> None:
    assert describe(check, Words("en")) == english
    assert describe(check, Words("zh")) == chinese
