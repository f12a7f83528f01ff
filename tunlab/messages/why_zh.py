"""包为什么没有继续往前走、该怎么办：中文。"""

SENTENCES: dict[str, str] = {
    # It was not sent.
    "why_no_route": (
        "{node} 没有到 {to} 的路由。添加一条{note}：tunlab exec {node} -- ip route add {network} via {gateway}"
    ),
    "why_no_route_back": (
        "包已经到了，但 {node} 没有回到 {to} 的路由，应答发不出去。添加一条{note}："
        "tunlab exec {node} -- ip route add {network} via {gateway}"
    ),
    "why_no_address": ("{node} 没有 IP 地址，不能从它发包。请从有地址的节点跟踪；查看哪些节点有地址：tunlab graph"),
    "why_route_down": (
        "{node} 没有到 {to} 的路由：{device} 有这个网段的地址，但它没有启用。"
        "启用它：tunlab exec {node} -- ip link set {device} up"
    ),
    "why_no_route_down": (
        "{node} 没有到 {to} 的路由，而它的 {device} 没有启用：设备停用时，经过它的路由也一起删掉了。"
        "启用它：tunlab exec {node} -- ip link set {device} up，再把经过网关的路由重新加上"
    ),
    "why_refusing_route": (
        "{node} 上有一条 {kind} 类型的路由或规则，发往 {to} 的包到这里就被丢弃。"
        "查看：tunlab exec {node} -- ip route show table all type {kind}，以及 tunlab exec {node} -- ip rule"
    ),
    # It was routed to a device, and did not leave.
    "why_device_down": "{node} 的 {device} 没有启用。启用它：tunlab exec {node} -- ip link set {device} up",
    "why_no_carrier": (
        "{node} 的 {device} 没有载波：对端没有启用，或者不存在。查看：tunlab exec {node} -- ip -d link show {device}"
    ),
    "why_peer_down": (
        "{node} 的 {device} 没有载波，因为对端 {peer_node} 的 {peer_device} 没有启用。"
        "启用它：tunlab exec {peer_node} -- ip link set {peer_device} up"
    ),
    "why_no_program": (
        "没有程序打开 {node} 的 {device}，这时发往它的包都会被内核丢弃。请在 {node} 里启动一个打开 {device} 的程序"
    ),
    "why_too_big": (
        "包有 {size} 字节，而 {node} 的 {device} 的 MTU 是 {mtu}，DF 又不允许分片。"
        "请用 --size {mtu} 发小一点的包，或者调大沿途所有设备的 MTU"
    ),
    "why_too_big6": (
        "包有 {size} 字节，而 {node} 的 {device} 的 MTU 是 {mtu}，IPv6 的路由器又不分片。"
        "请用 --size {mtu} 发小一点的包，或者调大沿途所有设备的 MTU"
    ),
    "why_no_neighbour": (
        "{node} 在 {device} 上用 ARP 询问 {neighbour} 的 MAC 地址，没有人回答。这条链路上有节点用这个地址吗？"
        "它的设备启用了吗？查看：tunlab exec {node} -- ip neigh show dev {device}"
    ),
    "why_no_gateway": (
        "{node} 发往 {to} 的包要交给网关 {neighbour}，于是在 {device} 上用 ARP 询问它的 MAC 地址，没有人回答。"
        "网关的地址写对了吗？它的设备启用了吗？查看：tunlab exec {node} -- ip route get {to}"
    ),
    "why_wrong_gateway": (
        "{node} 发往 {to} 的包要交给网关 {neighbour}，但 {device} 上没有人用这个地址：ARP 询问没有人回答。"
        "这条链路上的路由器是 {gateway}。改用它：tunlab exec {node} -- ip route replace {network} via {gateway}"
    ),
    "why_no_neighbour6": (
        "{node} 在 {device} 上用邻居发现询问 {neighbour} 的 MAC 地址，没有人回答。这条链路上有节点用这个地址吗？"
        "它的设备启用了吗？查看：tunlab exec {node} -- ip -6 neigh show dev {device}"
    ),
    "why_queue_dropped": (
        "这个包发出之后，{node} 的 {device} 的队列（{kind}）丢过包。"
        "查看：tunlab exec {node} -- tc -s qdisc show dev {device}"
    ),
    "why_queue_holds": (
        "{node} 的 {device} 的队列（{kind}）里还有 {count} 个包在等待发送。"
        "查看：tunlab exec {node} -- tc -s qdisc show dev {device}"
    ),
    "why_send_refused": (
        "{node} 的内核拒绝向 {to} 发送这样的包（{errno}）。查看内核怎样对待这个地址："
        "tunlab exec {node} -- ip route get {to}"
    ),
    # A firewall.
    "why_firewall_refused": (
        "{node} 的内核拒绝发送（EPERM），这通常是防火墙所为。查看规则：tunlab exec {node} -- nft list ruleset"
    ),
    "why_firewall_dropped": (
        "{node} 的防火墙丢弃了它：链“{chain}”里 handle 为 {rule} 的规则，计数增加了。查看这条规则："
        "tunlab exec {node} -- nft -a list chain {chain}"
    ),
    "why_firewall_suspected": (
        "{node} 有防火墙，链“{chain}”可能丢弃了它，但那里没有规则计数，无法确定。"
        "给规则加上 counter，再跟踪一次就能确定；查看规则：tunlab exec {node} -- nft -a list chain {chain}"
    ),
    "why_firewall_policy": (
        "{node} 有防火墙：链“{chain}”的默认策略是 drop，没有规则放行的包都会被丢弃；是不是这个包，内核没有说。"
        "查看这条链：tunlab exec {node} -- nft -a list chain {chain}"
    ),
    "why_firewall_iptables": (
        "{node} 有 iptables 规则，包可能是被它们丢弃的；是哪一条，内核不会说。"
        "查看计数：tunlab exec {node} -- iptables -nvL"
    ),
    # It went out at a device and did not come in at the next.
    "why_peer_unseen": "{node} 的 {device} 的对端在另一个命名空间里，本会话不认识它，所以看不到那里发生了什么",
    "why_peer_mtu": (
        "它对 {peer_node} 的 {peer_device} 来说太长：有 {size} 字节，而那里的 MTU 是 {mtu}。"
        "设备在协议栈看到它之前就把它丢弃了，所以没有 ICMP 差错报告。"
        "查看：tunlab exec {peer_node} -- ip -s link show {peer_device}"
    ),
    "why_link_lost": (
        "它从 {node} 的 {device} 发出，链路两端都已启用，却没有到达 {peer_node} 的 {peer_device}；内核没有给出原因。"
        "请再跟踪一次；如果又丢了，看看丢包计数：tunlab exec {peer_node} -- ip -s link show {peer_device}"
    ),
    "why_leaves": "它从 {node} 的 {device}（{kind}）发出，之后再没有出现；这种设备后面发生了什么，在这里查不到",
    "why_vxlan_no_remote": (
        "{node} 的 {device} 不知道发往 {mac} 的帧该送到哪里：它没有远端。添加一个："
        "tunlab exec {node} -- bridge fdb append 00:00:00:00:00:00 dev {device} dst REMOTE"
    ),
    "why_vxlan_no_route": (
        "{node} 的 {device} 要把它封装后发往 {remote}，但 {node} 没有到 {remote} 的路由。"
        "查看：tunlab exec {node} -- ip route get {remote}"
    ),
    "why_vxlan_lost": (
        "{node} 的 {device} 要把它封装后发往 {remote}，但没有看到封装后的包发出。"
        "可以单独跟踪这一段：tunlab trace {node} {remote}"
    ),
    # The program at the far end of a tun or tap.
    "why_program_stopped": (
        "{node} 的 {device} 另一端的程序 {program}（pid {pid}）已被暂停，什么也不读。"
        "让它继续：tunlab exec {node} -- kill -CONT {pid}"
    ),
    "why_program_deaf": (
        "{node} 的 {device} 另一端的程序 {program}（pid {pid}）打开了设备却不读：队列里还有包在等它。"
        "它是不是在忙别的，或者在等信号？"
    ),
    "why_program_silent": (
        "{node} 的 {device} 另一端的程序 {program}（pid {pid}）读了这个包，但没有再发出任何东西。它的输出里也许写着原因"
    ),
    "why_program_refused": ("{node} 的 {device} 另一端的程序 {program}（pid {pid}）拒绝了它：送回的差错报告就是它写的"),
    "why_program_lost": (
        "{node} 的 {device} 另一端的程序 {program}（pid {pid}）读了这个包，也写出了数据，但哪里都没有看到。"
        "它的输出里也许写着去向"
    ),
    "why_program_read": (
        "{node} 的 {device} 另一端的程序 {program}（pid {pid}）已经读空了设备的队列，所以包它读到了；"
        "之后怎么处理的，只有它自己知道"
    ),
    "why_program_unknown": ("包已经交给 {node} 的 {device} 另一端的程序 {program}（pid {pid}）；它读了没有，无从得知"),
    "why_unknown_program": (
        "{node} 的 {device} 由某个程序打开着，但我们无权查看是哪一个，所以说不出它怎么处理了这个包"
    ),
    # It came in at a device.
    "why_not_forwarding": (
        "{node} 不转发：那里的 {setting} 是 0，只收发给自己的包。打开转发：tunlab exec {node} -- sysctl -w {setting}=1"
    ),
    "why_own_source": (
        "从 {node} 的 {device} 进来的包，源地址 {source} 却是 {node} 自己的地址；内核认为它是伪造的，丢弃了它。"
        "请把其中一个地址换掉"
    ),
    "why_reverse_path": (
        "{node} 的 rp_filter 丢弃了它：包从 {device} 进来，而返回 {source} 的路要走 {other}。"
        "放宽检查：tunlab exec {node} -- sysctl -w net.ipv4.conf.all.rp_filter=2"
    ),
    "why_reverse_path_none": (
        "{node} 的 rp_filter 丢弃了从 {device} 进来的这个包：它没有返回 {source} 的路由。"
        "添加一条：tunlab exec {node} -- ip route add {source} dev {device}"
    ),
    "why_martian_source": (
        "{node} 丢弃了它：从 {device} 进来的包，源地址不可能是 {source}（这种包叫 martian）。请用发送者自己的地址发送"
    ),
    "why_ttl": "包到 {node} 时 TTL 是 {ttl}，再减 1 就成了 0，路由器不再转发。请用更大的 TTL 发送",
    "why_ttl6": "包到 {node} 时跳数限制是 {ttl}，再减 1 就成了 0，路由器不再转发。请用更大的跳数限制发送",
    "why_other_mac": (
        "这一帧的目的 MAC 地址是 {mac}，而 {node} 的 {device} 的是 {own}；协议栈不理会发给别人的帧。"
        "请到发送它的节点上查看邻居表：ip neigh"
    ),
    "why_device_gone": "最后看到它的设备，{node} 的 {device}，已经不在了",
    "why_checksum": ("{node} 丢弃了一个 {protocol} 校验和不对的包。程序如果自己构造或修改包，就要把校验和算对"),
    # A bridge.
    "why_flooded": (
        "这一帧的目的 MAC 是 {mac}，{node} 里的网桥没有学到它在哪个端口，就发往了所有端口，而那边谁也没有这个地址。"
        "请查看发出它的节点的邻居表：ip neigh"
    ),
    "why_port_state": (
        "{node} 的网桥 {bridge} 的端口 {port} 处于 {state} 状态，不转发任何帧。"
        "查看：tunlab exec {node} -- bridge link show dev {port}"
    ),
    "why_no_other_port": (
        "{node} 的网桥 {bridge} 没有别的端口可以转发。添加一个："
        "tunlab exec {node} -- ip link set DEVICE master {bridge}"
    ),
    "why_hairpin": (
        "{node} 的网桥 {bridge} 学到 {mac} 就在 {port} 那边，而这一帧正是从那里来的；网桥不会把帧送回原端口。"
        "查看：tunlab exec {node} -- bridge fdb show br {bridge}"
    ),
    "why_bridge_too_big": (
        "包有 {size} 字节，而 {node} 的网桥 {bridge} 的端口 {port} 的 MTU 是 {mtu}；"
        "网桥遇到太长的帧只会丢弃，不通知任何人。请让它的所有端口用同样的 MTU"
    ),
    "why_vlan_filtering": (
        "{node} 的网桥 {bridge} 按 VLAN 过滤，这也许就是它没有转发的原因。"
        "查看各端口接受哪些 VLAN：tunlab exec {node} -- bridge vlan show"
    ),
    "why_unknown_bridge": (
        "{node} 的网桥 {bridge} 没有把它转发出去，内核没有给出原因。查看：tunlab exec {node} -- bridge -s link show"
    ),
    # It arrived, and was not answered.
    "why_port_closed": (
        "包已经到了，但 {node} 上没有程序监听 {protocol} 端口 {port}。"
        "查看谁在监听哪个端口：tunlab exec {node} -- ss -lntu"
    ),
    "why_port_unread": "包已经到了，还在 {node} 的 {protocol} 端口 {port} 等着：{program}（pid {pid}）没有读它",
    "why_port_silent": "包已经到了 {node} 的 {protocol} 端口 {port}，{program}（pid {pid}）收下了它，但没有应答",
    "why_nobody_known_at_port": (
        "包已经到了 {node} 的 {protocol} 端口 {port}；有程序在监听，但我们无权查看是哪一个，它没有应答"
    ),
    "why_vxlan_number": (
        "包已经到了 {node}，它属于 VXLAN {number}，但那里没有 id 为 {number}、端口为 {port} 的 vxlan 设备。"
        "两端的 id 必须相同"
    ),
    "why_encrypted": (
        "在 {node} 的 {device} 上，它是加密的（ESP），哪里都没有见到它的明文，所以跟不下去了。"
        "传输模式下总是这样；隧道模式下，看看 IPsec 的计数：tunlab exec {node} -- cat /proc/net/xfrm_stat"
    ),
    "why_echo_ignored": (
        "回显请求已经到了，但 {node} 被设置成不应答：那里的 {setting} 是 1。"
        "改过来：tunlab exec {node} -- sysctl -w {setting}=0"
    ),
    "why_port_full": (
        "包已经到了，但 {node} 的 {protocol} 端口 {port} 的缓冲区满了，因为 {program}（pid {pid}）不读；内核只好丢弃它"
    ),
    "why_unknown_delivered": (
        "它已经到了目的节点 {node}，却没有下文；内核没有给出原因。查看计数：tunlab exec {node} -- nstat -az"
    ),
    # Nothing is known.
    "why_unknown": "它到过 {node}，之后再没有出现；内核没有给出原因",
}
