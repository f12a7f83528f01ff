"""The English sentences of `tunlab graph`."""

SENTENCES: dict[str, str] = {
    "help_graph": "Draw a topology: that of a file, or, without one, the running one with its live state.",
    "help_argument_graph": "A topology's file; without it, the session that runs is drawn.",
    "help_graph_format": "terminal, mermaid, dot (Graphviz), or svg; by default what the suffix of FILE says.",
    "help_graph_write": "Write the drawing into this new file.",
    "graph_written": "{name}, as it is written",
    "graph_running": "{name}, as it runs now",
    "graph_host": "host",
    "graph_router": "router",
    "graph_bridge": "bridge",
    "graph_file_or_session": "a file is drawn as it is written, a session as it runs; give either FILE or --session",
    "graph_svg_on_terminal": "an SVG is a picture, not for a terminal; write it into a file: --write topology.svg",
    "graph_about_written": "Topology {name}: {nodes} {nodes:node|nodes}, {links} {links:link|links}",
    "graph_about_running": "Running topology {name}: {nodes} {nodes:node|nodes}, {links} {links:link|links}",
    "graph_suffix": "no drawing can be written as '{suffix}'; write one that ends in .svg, .dot, .mmd or .txt",
}
