"""`tunlab up` 和运行中的拓扑的中文句子。"""

SENTENCES: dict[str, str] = {
    "help_up": "按文件搭建拓扑并让它一直运行；文件里写的命令会被执行。",
    "help_up_foreground": "留在前台，显示其中程序的输出，按 Ctrl-C 结束。",
    "up_more": "另外还有 {count} 处错误；全部列出：tunlab validate {file}",
    "up_done": "{name} 已启动：{nodes} 个节点，{links} 条链路。查看和结束它的命令：",
    "up_foreground": "{name} 已启动：{nodes} 个节点，{links} 条链路。按 Ctrl-C 结束。在另一个终端里查看它的命令：",
    "up_unsaid": "{name} 已启动，但无法输出这个结果：{problem}；可用 tunlab down {name} 结束它",
    "up_runs": "名为 {session} 的会话已在运行；请先用 `tunlab down {session}` 结束它，或给拓扑换个名字",
    "up_command_failed": "{node}：`{command}` 失败，退出状态 {code}{said}",
    "up_command_stays": "{node}：`{command}` 在 {seconds:g} 秒内没有结束；要一直运行的，请写成设备的 program，"
    "或用 bash -c '... &' 放到后台",
    "up_no_program": "{node}：没有可以执行的程序“{program}”；请安装它，或改正文件里的名字",
    "up_program_ended": "{node}：程序 `{command}` 一启动就结束了，退出状态 {code}{said}",
    "up_program_not_ready": "{node}：程序 `{command}` 在 {seconds:g} 秒内没有就绪{said}",
    "up_session": "{session}  拓扑  已运行 {age}",
    "up_session_of": "{session}  拓扑  已运行 {age}  用户 {user}",
    "down_dead": "{session} 早已结束，它的记录已删除。",
    "validate_commands": "tunlab up 会执行这些命令：",
}
