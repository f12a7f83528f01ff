"""拓扑里有什么错、该怎么改：中文。"""

SENTENCES: dict[str, str] = {
    # The file.
    "topology_file_missing": "没有这个文件；请写拓扑文件的路径",
    "topology_file_empty": "是空文件；请以“name:”和“topology:”开头",
    "topology_is_lab": "是实验，不是拓扑；要检查它，请用：tunlab lab lint {folder}",
    "topology_bad_name": "“{value}”不能用作拓扑的名称；只能用字母、数字、“.”、“_”和“-”，最多 64 个字符",
    # What containerlab has, and a network namespace has not.
    "topology_foreign": "containerlab 的“{name}”在这里没有意义：节点是网络命名空间，不是容器；请删掉它",
    "topology_outside": (
        "containerlab 的“{name}”通向拓扑之外，而那里什么都不会动；请连接两个节点，或者在节点的“devices”里添加设备"
    ),
    # Names.
    "topology_lo": "每个节点本来就有“lo”；请换一个名称",
    "topology_is_device": "{endpoint} 在第 {first} 行已经是节点的设备；链路的两端由链路自己创建，请换一个名称",
    "topology_unknown_device": "节点“{node}”没有设备“{name}”；现有设备：{known}",
    "topology_unknown_device_meant": "节点“{node}”没有设备“{name}”；是不是想写“{meant}”？",
    "topology_bad_variable": "“{name}”不能用作变量名；只能用字母、数字和“_”",
    "topology_bad_user": "“{value}”不是用户；请写用户名或编号",
    "topology_bad_command": "“{value}”不是命令；引号要成对，而且至少要有一个词",
    # Addresses.
    "topology_bad_mac": "“{value}”不是设备的 MAC 地址；正确写法例如 02:00:00:00:00:01",
    "topology_mac_multicast": "{value} 的首字节是奇数，代表一组设备；请给这个设备单独的地址，例如 {meant}",
    "topology_no_mac": "{kind} 设备没有 MAC 地址：它的包直接以 IP 首部开头；请删掉“mac”",
    "topology_mac_below": "ipvlan 设备的 MAC 地址就是下层设备的；请删掉“mac”",
    "topology_family": "{value} 不能写在“{field}”下；请写到“{other}”下",
    "topology_address_special": "{value} 是组播、环回或未指定地址，不能作为设备自己的地址；请换一个",
    "topology_address_network": "{value} 是网络本身的地址；请用主机地址，例如 {meant}",
    "topology_address_broadcast": "{value} 是这个网络的广播地址；请用主机地址，例如 {meant}",
    "topology_address_twice": (
        "{address} 在第 {first} 行已经是 {place} 的地址；请换一个（只有写成 /32 或 /128 时，才能出现在多处）"
    ),
    "topology_two_addresses": "链路的“{field}”有 {count} 个地址；两端各写一个即可",
    "topology_addresses_here_and_there": "链路和它的端点都写了“{field}”；请只写在端点里，每个端点可以有多个地址",
    # Devices.
    "topology_master_tun": (
        "tun 设备不能成为网桥的端口：它的包没有以太网首部，内核会返回 EINVAL；请改用 tap，或者为它设置路由"
    ),
    "topology_master_kind": "内核不接受 {kind} 设备作为网桥的端口；请删掉“master”",
    "topology_not_bridge": "“{name}”不能作为 master：它是 {kind} 设备，只有网桥才有端口",
    "topology_no_link_layer": "{kind} 设备不能建在 {lower} 设备“{name}”上：那里的包没有以太网首部；请另选一个",
    "topology_circle": "这些设备互相依赖，成了一个环：{path}；请拆开其中一处",
    "topology_which_bridge": "节点“{node}”有多个网桥（{known}）；请把这一端写成映射，并注明“master”",
    "topology_mtu_ipv6": "MTU 为 {value} 的设备上没有 IPv6；请写 {least} 或更大的值，或者删掉“ipv6”",
    "topology_held_by_nobody": "不持久的设备需要有“program”占用它；请补上程序，或删掉这一项",
    "topology_program_decides": "这个设备由程序创建，“{field}”由程序决定；请删掉它，或者同时写上“persistent: true”",
    "topology_program_of_tap": "“{name}”读的是以太网帧，只能用于 tap，不能用于 tun；请用“words: [...]”启动别的程序",
    "topology_program_of_tun": "“{name}”读的是 IP 包，只能用于 tun，不能用于 tap；请用“words: [...]”启动别的程序",
    "topology_arguments_of_words": "“arguments”只用于“module”；请直接写在“words”的末尾",
    "topology_remote_and_group": "vxlan 设备的“remote”和“group”只能有一个；请只保留一个",
    "topology_remote_is_group": "{value} 是组播地址；请写成“group”，并补上“dev”",
    "topology_group_is_remote": "{value} 不是组播地址；请写成“remote”",
    "topology_group_needs_dev": "有“group”就要注明经由哪个设备；请补上“dev”",
    "topology_outer_ipv4": "此处的“{field}”应当是 IPv4 地址，而不是 {value}",
    "topology_default_prefix": "wireguard 不认识“default”；请写 0.0.0.0/0 或 ::/0",
    "topology_bad_key": "“{field}”不是 wireguard 的密钥；请写 `wg genkey` 或 `wg pubkey` 的输出",
    "topology_bad_peer": "“{value}”不是对端的位置；请写成“地址:端口”，例如 192.0.2.2:51820 或 [2001:db8::2]:51820",
    # Links.
    "topology_bad_time": "“{field}”应当是带单位的时间，最长一小时，例如 10ms、2.5s 或 500us，而不是“{value}”",
    "topology_bad_rate": "“{field}”应当是带单位的速率，从 1kbit 到 1000gbit，例如 10mbit，而不是“{value}”",
    "topology_bad_percent": "“{field}”应当在 0% 到 100% 之间，而不是“{value}”",
    "topology_needs_delay": "没有“delay”，“{field}”就没有意义；请补上",
    "topology_jitter": "“jitter”比“delay”还大，而包不可能在发出之前到达；请改小",
    # tunlab validate
    "help_validate": "不启动拓扑，找出拓扑文件里的所有错误。",
    "help_argument_topology": "拓扑文件。",
    "help_validate_json": "每个错误输出一行 JSON：文件、行号、问题。",
    "help_validate_schema": "打印拓扑文件的 JSON Schema（供编辑器使用），然后退出。",
    "validate_fine": "{file}：没有发现错误：{nodes} 个节点，{links} 条链路",
}
