"""The sentences in English of `tunlab up`, and of topologies that run."""

SENTENCES: dict[str, str] = {
    "help_up": "Make the topology of a file and leave it running; it runs the commands that the file names.",
    "help_up_foreground": "Stay, show what its programs print, and end it at Ctrl-C.",
    "up_more": "and {count} {count:more mistake|more mistakes}; to see all of them: tunlab validate {file}",
    "up_done": "{name} is up: {nodes} {nodes:node|nodes}, {links} {links:link|links}. To look inside and to end it:",
    "up_foreground": "{name} is up: {nodes} {nodes:node|nodes}, {links} {links:link|links}. Ctrl-C ends it. "
    "To look inside from another terminal:",
    "up_unsaid": "{name} is up, but that could not be written: {problem}; tunlab down {name} ends it",
    "up_runs": "a session named {session} is running already; end it with `tunlab down {session}`, "
    "or give the topology another name",
    "up_command_failed": "{node}: `{command}` failed with status {code}{said}",
    "up_command_stays": "{node}: `{command}` did not end within {seconds:g} s; let what is to go on running be a "
    "device's program, or put it into the background with bash -c '... &'",
    "up_no_program": "{node}: there is no program '{program}' that may be run; install it, or mend its name",
    "up_program_ended": "{node}: the program `{command}` ended at once with status {code}{said}",
    "up_program_not_ready": "{node}: the program `{command}` was not ready within {seconds:g} s{said}",
    "up_session": "{session}  topology  since {age}",
    "up_session_of": "{session}  topology  since {age}  user {user}",
    "down_dead": "{session} had ended already; its record is removed.",
    "validate_commands": "tunlab up would run these commands:",
}
