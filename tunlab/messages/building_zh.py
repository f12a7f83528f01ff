"""建立拓扑时出了什么问题（中文）。"""

SENTENCES: dict[str, str] = {
    "no_device_kind": "无法创建 {endpoint}：这个内核没有“{kind}”类型的设备；请先以 root 加载模块：modprobe {module}",
    "no_queue_kind": "无法给 {endpoint} 限速，或加上延迟、丢包：这个内核没有“{kind}”；"
    "请先以 root 加载模块：modprobe {module}",
    "unknown_user": "{endpoint} 的属主应为“{user}”，但本机没有这个用户；请换一个属主",
    "remedy_not_made": "程序已算就绪，却没有建立这个设备；请检查它的 ready，或它给设备起的名字",
    "remedy_vlan_filtering": "这个内核编译时没有启用它（CONFIG_BRIDGE_VLAN_FILTERING）；请删掉 vlan_filtering",
    "too_many_nodes": "这么多节点需要打开 {files} 个文件，而一个进程最多只能打开 {most} 个；"
    "请减少节点，或以 root 身份提高上限：ulimit -n {files}",
}
