"""The sentences in Chinese of `tunlab graph`."""

SENTENCES: dict[str, str] = {
    "help_graph": "画出拓扑图：给出文件就画文件里的拓扑；不给就画正在运行的拓扑，带实时状态。",
    "help_argument_graph": "拓扑文件；不写就画正在运行的会话。",
    "help_graph_format": "terminal（终端图）、mermaid、dot（Graphviz）或 svg；不写就按文件的后缀来定。",
    "help_graph_write": "把图写进这个新文件。",
    "graph_written": "{name}：文件里写的拓扑",
    "graph_running": "{name}：正在运行的拓扑",
    "graph_host": "主机",
    "graph_router": "路由器",
    "graph_bridge": "网桥",
    "graph_file_or_session": "给文件就画文件里的拓扑，给会话就画运行中的拓扑；FILE 和 --session 只能写一个",
    "graph_svg_on_terminal": "SVG 是图片，不能显示在终端里；请写进文件：--write topology.svg",
    "graph_about_written": "拓扑 {name}：{nodes} 个节点，{links} 条链路",
    "graph_about_running": "正在运行的拓扑 {name}：{nodes} 个节点，{links} 条链路",
    "graph_suffix": "不能把图写成“{suffix}”文件；可以写 .svg、.dot、.mmd 或 .txt",
}
