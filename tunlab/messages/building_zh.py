"""建立拓扑时出了什么问题（中文）。"""

SENTENCES: dict[str, str] = {
    "no_device_kind": "无法创建 {endpoint}：这个内核没有“{kind}”类型的设备；请先以 root 加载模块：modprobe {module}",
    "no_queue_kind": "无法给 {endpoint} 限速或制造干扰：这个内核没有“{kind}”；请先以 root 加载模块：modprobe {module}",
    "unknown_user": "{endpoint} 的属主应为“{user}”，但本机没有这个用户；请换一个属主",
}
