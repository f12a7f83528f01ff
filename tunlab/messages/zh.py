"""简体中文。"""

from tunlab.messages.building_zh import SENTENCES as BUILDING
from tunlab.messages.catalogue_zh import SENTENCES as CATALOGUE
from tunlab.messages.check_zh import SENTENCES as CHECK
from tunlab.messages.device_zh import SENTENCES as DEVICE
from tunlab.messages.doctor_zh import SENTENCES as DOCTOR
from tunlab.messages.field_zh import SENTENCES as FIELD
from tunlab.messages.graph_zh import SENTENCES as GRAPH
from tunlab.messages.inspect_zh import SENTENCES as INSPECT
from tunlab.messages.labfile_zh import SENTENCES as LABFILE
from tunlab.messages.ping_zh import SENTENCES as PING
from tunlab.messages.play_zh import SENTENCES as PLAY
from tunlab.messages.session_zh import SENTENCES as SESSION
from tunlab.messages.topology_zh import SENTENCES as TOPOLOGY
from tunlab.messages.trace_zh import SENTENCES as TRACE
from tunlab.messages.tunnel_zh import SENTENCES as TUNNEL
from tunlab.messages.typer_zh import SENTENCES as TYPER
from tunlab.messages.up_zh import SENTENCES as UP
from tunlab.messages.why_zh import SENTENCES as WHY

SENTENCES: dict[str, str] = {
    **LABFILE,
    **PLAY,
    **PING,
    **CATALOGUE,
    **CHECK,
    **DOCTOR,
    **SESSION,
    **DEVICE,
    **INSPECT,
    **FIELD,
    **TOPOLOGY,
    **BUILDING,
    **GRAPH,
    **TRACE,
    **TUNNEL,
    **TYPER,
    **WHY,
    **UP,
    "hint": "提示：{remedy}",
    # 帮助
    "help_tunlab": "在真实内核上做的网络实验：tun 设备的两端同在一个画面里，不需要 root。",
    "help_version": "显示版本号后退出。",
    "help_lab": "供实验作者使用。",
    "help_argument_lab": "实验的编号，例如 lab-1.4，或实验所在的目录。",
    "help_run": "做一个实验：每一步先讲解，再显示命令，在真实内核上执行，最后检查。",
    "help_auto": "不等按键，从头到尾自动进行。",
    "help_pace": "fast 较快；book 等得和书的作者当年一样久。",
    "help_lang": "界面语言；不指定时跟随系统的语言环境。",
    "help_twin": "用 Python 版代替实验里的 C 程序。",
    "help_json": "改为每行输出一个事件；同时等于 --auto。",
    "help_save": "把 events.jsonl 和 packets.pcapng 保存到这个目录。",
    "help_allow_exec": "允许不是 tunlab 自带的实验直接执行命令，不再询问。",
    "help_lint_json": "每个错误输出一行 JSON：file、line、problem。",
    "help_prove_json": "改为每行输出一个事件。",
    "help_lint": "不运行实验，找出实验文件里的所有错误。",
    "help_prove": "证明每一步的检查在操作之前不通过，在操作之后通过。",
    # 错误
    "unknown_lab": "没有名为“{lab}”的实验；现有：{known}；也可以写实验所在的目录",
    "unknown_lab_near": "没有名为“{lab}”的实验；是不是想写“{near}”？",
    "no_terminal": "这里没有终端，无法按键；请加上 --auto 自动进行",
    "kernel_refused": "内核拒绝了 `{attempt}`：{errno}",
    "untrusted": "{folder} 不是 tunlab 自带的实验，它会执行上面列出的命令；如果允许，请加上 --allow-exec",
    "sessions_not_yours": "目录 {folder} 不属于你；请删除它，或把 XDG_RUNTIME_DIR 指向自己的目录",
    "sessions_unusable": "无法在 {folder} 里保存会话记录：{problem}",
    "file_exists": "{file} 已经存在；请换一个文件名，或先删掉它",
    "file_refused": "不能写入 {file}：{problem}；请换一个文件名",
    "save_exists": "{folder} 不能用来保存：{file} 已经存在；请为 --save 换一个目录",
    "save_refused": "无法写入 {folder}：{problem}；请为 --save 换一个目录",
    "save_failed": "无法继续保存到 {folder}：{problem}；实验已停止，已经写入的内容会保留",
    "lab_not_copied": "无法把实验的文件 {file} 复制到沙箱里：{problem}；请把它移出实验目录，或修复它",
    "output_failed": "无法写入输出：{problem}；实验已停止",
    "sysctl_outside_net": "设置项“{setting}”不在 net. 之下，会影响整台机器，因此拒绝执行",
    "program_already_runs": "程序“{program}”已经在运行；再次启动之前请先停止它",
    "program_not_ready": "程序“{program}”在 {seconds:g} 秒内没有准备好",
    "program_stays": "程序“{program}”无法结束",
    "measure_no_answer": "{node} 收不到 {address} 的应答，无法测量“{way}”；看看断在哪里：tunlab trace {node} {address}",
    "program_ended": "程序“{program}”一启动就退出了；它的输出是：{said}",
    "command_failed": "`{command}` 执行失败，退出状态 {code}：\n{said}",
    "command_status": "`{command}` 的退出状态是 {code}，应为 {expected}：\n{said}",
    "program_not_running": "程序“{program}”没有在运行；请先启动它，再给它发信号",
    "command_too_long": "`{command}` 在 {seconds:g} 秒内没有结束",
    # 解决办法
    "remedy_no_clone_device": "用 `sudo modprobe tun` 加载驱动；在容器里请加上 `--device /dev/net/tun`",
    "remedy_clone_device_mode": "用 `sudo chmod 0666 /dev/net/tun` 允许普通用户打开它（带 udev 的发行版通常如此），"
    "或执行 `sudo {command}`",
    "remedy_clone_device_cgroup": "容器不允许使用这个设备：启动容器时请加上 `--device /dev/net/tun`",
    "remedy_userns_apparmor": "这里的 AppArmor 限制了用户命名空间（Ubuntu 23.10 起）："
    "`sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0`，或执行 `sudo {command}`",
    "remedy_userns_debian": "用 `sudo sysctl -w kernel.unprivileged_userns_clone=1` 允许用户命名空间，"
    "或执行 `sudo {command}`",
    "remedy_userns_none": "不允许再创建用户命名空间：`sudo sysctl -w user.max_user_namespaces=10000`，"
    "或执行 `sudo {command}`",
    "remedy_userns_container": "这里不允许用户命名空间，常见原因是容器的 seccomp 配置或 chroot："
    "请在容器或 chroot 之外运行 tunlab，或执行 `sudo {command}`",
    "remedy_root_unshare": "没有 CAP_SYS_ADMIN 的 root 不能创建命名空间：在容器里请加上 `--privileged`，"
    "或以普通用户运行 tunlab",
    "remedy_sandbox": "系统像容器那样遮住了 /proc 或 /sys 的一部分：请在容器之外运行 tunlab",
    "remedy_tun_busy": "另一个程序占着这个设备；用 `grep -l iff: /proc/*/fdinfo/*` 可以查到是谁",
    "remedy_tun_invalid": "设备的类型和队列在创建时就定了：tun 不能当作 tap 打开",
    "remedy_tun_owner": "这个设备属于另一个用户",
    "remedy_exists": "同名的设备或相同的地址已经存在",
    "remedy_no_device": "没有这个名字的设备",
    "remedy_not_permitted": "在那个网络命名空间里缺少 CAP_NET_ADMIN 权限",
    "remedy_no_kind": "这个内核没有“{kind}”类型的设备；缺少对应的模块",
    "remedy_no_gateway": "网关本身必须先可达",
    "remedy_no_route": "没有通往那里的路由：请给设备配上那个网段的地址，或添加一条路由",
    # 缺少什么
    "missing_tun": "没有 /dev/net/tun",
    "missing_ipv6": "这个内核启动时关闭了 IPv6",
    "missing_cc": "没有 C 编译器（cc）",
    "missing_tcpdump": "没有安装 tcpdump",
    "missing_openvpn": "没有安装 OpenVPN，用 `sudo apt install openvpn` 安装",
    "missing_vtun": "没有安装 vtund，用 `sudo apt install vtun` 安装",
    "missing_xfrm": "这个内核没有 IPsec（带 ESP 的 xfrm）：试试 `sudo modprobe -a xfrm_user esp4`；如果没有这两个模块，"
    "请换发行版自带的内核，例如在虚拟机里运行",
    # 运行
    "step_of": "第 {number} 步，共 {total} 步",
    "why": "为什么",
    "footer_act": "Enter：执行",
    "footer_look": "Enter：看一看",
    "footer_explain": "Enter：为什么",
    "footer_next": "Enter：{title}",
    "footer_end": "Enter：结束",
    "skipped": "已跳过：{reason}。",
    "kernel_side": "内核：{device}",
    "program_side": "程序：{program}",
    "program_pid": "实验内 pid {pid}，fd {fd}",
    "program_none": "程序：无",
    "device_gone": "不存在",
    "no_address": "没有地址",
    "end_sent": "TX 发送 {packets} 个包{more}，{bytes} 字节",
    "end_received": "RX 接收 {packets} 个包{more}，{bytes} 字节",
    "end_more": " (+{count})",
    "end_dropped": "丢弃：TX {tx}，RX {rx}",
    "end_read": "读出 {packets} 个包{more}，{bytes} 字节",
    "end_written": "写入 {packets} 个包{more}，{bytes} 字节",
    "column_number": "#",
    "column_after": "秒",
    "column_direction": "方向",
    "column_bytes": "字节",
    "column_what": "内容",
    "direction_out": "抓(出)",
    "direction_in": "抓(入)",
    "direction_read": "读出",
    "direction_written": "写入",
    "rows_hidden": "这里省略了 {count} 个包：第 {first} 到第 {last} 个",
    "status_pass": "[通过]",
    "status_fail": "[未通过]",
    "status_unknown": "[无法判断]",
    "status_skipped": "[跳过]",
    "saw": "实际 {actual}",
    "expected_saw": "应为 {expected}，实际 {actual}",
    "capture_dropped": "抓包有丢失，无法判断；请重做这一步",
    "nothing_else_happened": "这一步里没有观察到任何预期的现象，所以“没有发生”不能说明问题",
    "run_done": "完成：{passed} 项检查通过，{skipped} 项跳过。实验用的主机和设备都已清除。",
    "run_failed": "{failed} 项检查未通过，{unknown} 项无法判断，{passed} 项通过。实验用的主机和设备都已清除。",
    "run_left": "已退出，停在{step}。实验用的主机和设备都已清除。继续做：{again}",
    "run_stopped": "停在{step}，被信号 {signal} 终止，实验用的主机和设备都已清除。继续做：{again}",
    # 信任
    "trust_list": "{folder} 不是 tunlab 自带的实验。它会在沙箱里执行这些命令：",
    "trust_root": "你现在是 root：这些命令以 root 的权限运行，只有网络是隔离的。",
    "trust_ask": "Enter：允许   q 退出",
    # lint 与 prove
    "lint_clean": "{lab}：没有发现错误",
    "prove_step": "{step}：操作之前 {total} 项检查中 {before} 项不通过，操作之后 {after} 项通过",
    "prove_skipped": "{step}：跳过：{reason}",
    "prove_early": "检查“{check}”在这一步操作之前就通过了",
    "prove_late": "检查“{check}”在这一步操作之后没有通过：应为 {expected}，实际 {actual}",
    "prove_left": "留下了：{left}",
    "prove_done": "{lab}：已证明",
    "prove_failed": "{lab}：未能证明",
    "prove_not_rebuilt": "前面各步留下的状态无法恢复：后面的步骤只能依赖动作的结果，不能依赖“exec”做的事",
}
