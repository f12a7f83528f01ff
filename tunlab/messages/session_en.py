"""The sentences in English of the commands that join what runs: ps, exec, shell, down."""

SENTENCES: dict[str, str] = {
    "help_ps": "List the running labs and topologies: their nodes, devices and programs.",
    "help_ps_json": "Write a line of JSON for each session.",
    "help_exec": "Run a command in a node of what runs: tunlab exec h1 -- ip addr",
    "help_shell": "Open a shell in a node of what runs.",
    "help_down": "End a running lab or topology. Nothing of it is left behind.",
    "help_session": "Which session, as tunlab ps names it; not needed where only one runs.",
    "help_argument_session": "Which session, as tunlab ps names it; not needed where only one runs.",
    "help_argument_node": "A node, such as h1.",
    "help_argument_shell_node": "A node, such as h1; not needed where there is only one.",
    "help_argument_command": "What to run. All words after the node are the command's own.",
    # ps
    "ps_none": "Nothing is running.",
    "ps_program": "{pid}  {command}",
    # which
    "choose_session": "Several sessions are running. Which one?",
    "choose_node": "There are several nodes. Which one?",
    "choose_device": "Several devices are called that. Which one?",
    "choose_number": "a number of 1 to {last}, then Enter (q: leave):",
    "several_session": "several sessions are running: {names}; name one with --session (with down: behind it)",
    "several_node": "there are several nodes: {names}; name one",
    "several_device": "several devices match: {names}; name one of them in full",
    "unknown_session": "there is no session '{name}'; the running ones are: {known}",
    "unknown_session_near": "there is no session '{name}'; did you mean '{near}'? The running ones are: {known}",
    "unknown_node": "there is no node '{name}'; the nodes are: {known}",
    "unknown_node_near": "there is no node '{name}'; did you mean '{near}'? The nodes are: {known}",
    "unknown_device": "there is no device '{name}'; there are: {known}",
    "unknown_device_near": "there is no device '{name}'; did you mean '{near}'? There are: {known}",
    "no_session": "nothing is running; start a lab in another terminal, such as `tunlab run lab-1.4`, "
    "or a topology with `tunlab up FILE`",
    "anothers_session": "none of the running sessions is yours; another user's has to be named: {names}",
    "session_inside": "you are inside a node: type commands directly; other tunlab commands want a terminal outside",
    "session_ended": "the session {session} has ended, and with it all that ran in it",
    "session_odd": "the session {session} gives no sensible answer; it may be stopped, or changed from inside",
    # exec
    "exec_nothing": "there is no command to run; write it behind the node: tunlab exec {node} -- ip addr",
    "exec_option": "'{option}' stands behind {node}, where the command begins; options of tunlab stand before it",
    "exec_not_found": "there is no program '{program}'",
    "exec_not_executable": "'{program}' cannot be run: {problem}",
}
