"""The sentences in Chinese of the commands that join what runs: ps, exec, shell, down."""

SENTENCES: dict[str, str] = {
    "help_ps": "列出正在运行的实验和拓扑：节点、设备和程序。",
    "help_ps_json": "每个会话输出一行 JSON。",
    "help_exec": "在运行中的某个节点里执行命令：tunlab exec h1 -- ip addr",
    "help_shell": "在运行中的某个节点里打开 shell。",
    "help_down": "结束一个正在运行的实验或拓扑，不留下任何痕迹。",
    "help_session": "哪个会话，名字见 tunlab ps；只有一个时不用写。",
    "help_argument_session": "哪个会话，名字见 tunlab ps；只有一个时不用写。",
    "help_argument_node": "一个节点，例如 h1。",
    "help_argument_shell_node": "一个节点，例如 h1；只有一个时不用写。",
    "help_argument_command": "要执行的命令。节点后面的所有内容都属于这条命令。",
    # ps
    "ps_none": "没有正在运行的实验或拓扑。",
    "ps_program": "{pid}  {command}",
    # 选哪一个
    "choose_session": "有多个会话正在运行，选哪一个？",
    "choose_node": "有多个节点，选哪一个？",
    "choose_device": "有多个设备叫这个名字，选哪一个？",
    "choose_number": "输入编号 1 到 {last}，再按 Enter（q：退出）：",
    "several_session": "有多个会话正在运行：{names}；请用 --session 指明其中一个（down 直接写在后面）",
    "several_node": "有多个节点：{names}；请指明其中一个",
    "several_device": "有多个设备符合：{names}；请写出其中一个的全名",
    "unknown_session": "没有会话“{name}”；正在运行的有：{known}",
    "unknown_session_near": "没有会话“{name}”；是不是想写“{near}”？正在运行的有：{known}",
    "unknown_node": "没有节点“{name}”；现有的节点：{known}",
    "unknown_node_near": "没有节点“{name}”；是不是想写“{near}”？现有的节点：{known}",
    "unknown_device": "没有设备“{name}”；现有的设备：{known}",
    "unknown_device_near": "没有设备“{name}”；是不是想写“{near}”？现有的设备：{known}",
    "no_session": "没有正在运行的实验或拓扑；请在另一个终端里启动一个实验，例如 `tunlab run lab-1.4`，"
    "或用 `tunlab up FILE` 启动一个拓扑",
    "anothers_session": "正在运行的会话都不是你的；别人的会话要写明名字：{names}",
    "session_inside": "你已经在一个节点里：直接输入命令即可；tunlab 的其他命令请在外面的终端里用",
    "session_ended": "会话 {session} 已经结束，在里面运行的程序也随之结束",
    "session_odd": "会话 {session} 没有给出正常的回答；它可能被暂停了，或者在里面被改动过",
    # exec
    "exec_nothing": "没有写要执行的命令；请写在节点后面：tunlab exec {node} -- ip addr",
    "exec_option": "“{option}”写在 {node} 后面，那里是命令的开头；tunlab 的选项要写在它前面",
    "exec_not_found": "没有程序“{program}”",
    "exec_not_executable": "不能执行“{program}”：{problem}",
}
