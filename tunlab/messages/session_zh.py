"""The sentences in Chinese of the commands that join a running lab: ps, exec, shell, down."""

SENTENCES: dict[str, str] = {
    "help_ps": "列出正在运行的实验：节点、设备和程序。",
    "help_ps_json": "每个会话输出一行 JSON。",
    "help_exec": "在正在运行的实验的某个节点里执行命令：tunlab exec h1 -- ip addr",
    "help_shell": "在正在运行的实验的某个节点里打开 shell。",
    "help_down": "结束一个正在运行的实验，不留下任何痕迹。",
    "help_session": "哪个会话，名字见 tunlab ps；只有一个时不用写。",
    "help_argument_session": "哪个会话，名字见 tunlab ps；只有一个时不用写。",
    "help_argument_node": "实验里的一个节点，例如 h1。",
    "help_argument_shell_node": "实验里的一个节点，例如 h1；只有一个时不用写。",
    "help_argument_command": "要执行的命令。节点后面的所有内容都属于这条命令。",
    # ps
    "ps_none": "没有正在运行的实验。",
    "ps_program": "{pid}  {command}",
    # 选哪一个
    "choose_session": "有几个实验正在运行，要哪一个？",
    "choose_node": "这个实验有几个节点，要哪一个？",
    "choose_device": "有几个设备叫这个名字，要哪一个？",
    "choose_number": "1 到 {last}（q：离开）：",
    "several_session": "有几个实验正在运行：{names}；请用 --session 指明其中一个（down 直接写在后面）",
    "several_node": "这个实验有几个节点：{names}；请指明其中一个",
    "several_device": "有几个：{names}；请写出其中一个的全名",
    "unknown_session": "没有会话“{name}”；正在运行的有：{known}",
    "unknown_session_near": "没有会话“{name}”；是不是想写“{near}”？正在运行的有：{known}",
    "unknown_node": "没有节点“{name}”；现有的节点：{known}",
    "unknown_node_near": "没有节点“{name}”；是不是想写“{near}”？现有的节点：{known}",
    "unknown_device": "没有设备“{name}”；现有的设备：{known}",
    "unknown_device_near": "没有设备“{name}”；是不是想写“{near}”？现有的设备：{known}",
    "no_session": "没有正在运行的实验；请在另一个终端里启动一个，例如 `tunlab run lab-1.4`",
    "session_inside": "现在已经在实验的沙箱里；请直接输入命令，或者用 `ip netns exec 节点`",
    "session_ended": "会话 {session} 已经结束，在里面运行的程序也随之结束",
    # exec
    "exec_nothing": "没有写要执行的命令；请写在节点后面：tunlab exec {node} -- ip addr",
    "exec_option": "“{option}”写在 {node} 后面，那里是命令的开头；tunlab 的选项要写在它前面",
    "exec_not_found": "没有程序“{program}”",
    "exec_not_executable": "不能执行“{program}”：{problem}",
}
