"""English."""

from tunlab.messages.building_en import SENTENCES as BUILDING
from tunlab.messages.catalogue_en import SENTENCES as CATALOGUE
from tunlab.messages.check_en import SENTENCES as CHECK
from tunlab.messages.device_en import SENTENCES as DEVICE
from tunlab.messages.doctor_en import SENTENCES as DOCTOR
from tunlab.messages.field_en import SENTENCES as FIELD
from tunlab.messages.graph_en import SENTENCES as GRAPH
from tunlab.messages.inspect_en import SENTENCES as INSPECT
from tunlab.messages.labfile_en import SENTENCES as LABFILE
from tunlab.messages.ping_en import SENTENCES as PING
from tunlab.messages.play_en import SENTENCES as PLAY
from tunlab.messages.session_en import SENTENCES as SESSION
from tunlab.messages.topology_en import SENTENCES as TOPOLOGY
from tunlab.messages.trace_en import SENTENCES as TRACE
from tunlab.messages.tunnel_en import SENTENCES as TUNNEL
from tunlab.messages.up_en import SENTENCES as UP
from tunlab.messages.why_en import SENTENCES as WHY

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
    **WHY,
    **UP,
    "hint": "hint: {remedy}",
    # help
    "help_tunlab": "Network labs on the real kernel: both ends of a tun device in one picture, without root.",
    "help_version": "Print the version and exit.",
    "help_lab": "For authors of labs.",
    "help_argument_lab": "A lab's id, such as lab-1.4, or a lab's folder.",
    "help_run": "Play a lab: each step is said, run on the real kernel and checked.",
    "help_auto": "Play through without a key.",
    "help_pace": "fast, or book: waits as long as the book's author did.",
    "help_lang": "Language of what you read; else that of your locale.",
    "help_twin": "Run the Python twins of the lab's C programs.",
    "help_json": "Write one event a line instead; implies --auto.",
    "help_save": "Keep events.jsonl and packets.pcapng in this folder.",
    "help_allow_exec": "Let a lab that did not come with tunlab run its commands without asking.",
    "help_lint_json": "Write a line of JSON for each mistake: file, line, problem.",
    "help_prove_json": "Write one event a line instead.",
    "help_lint": "Find every mistake in a lab's files, without running it.",
    "help_prove": "Show that checks fail before their step and pass after it.",
    # errors
    "unknown_lab": "there is no lab '{lab}'; the labs are {known}; a lab's folder will do too",
    "unknown_lab_near": "there is no lab '{lab}'; did you mean '{near}'?",
    "no_terminal": "there is no terminal to press keys on; add --auto to play through without one",
    "kernel_refused": "the kernel refused `{attempt}`: {errno}",
    "untrusted": "{folder} did not come with tunlab, and would run the commands above; add --allow-exec to let it",
    "sessions_not_yours": "{folder} is not a folder of yours; remove it, or set XDG_RUNTIME_DIR to one that is",
    "sessions_unusable": "cannot keep the session's record in {folder}: {problem}",
    "file_exists": "{file} is there already; name another file, or remove it",
    "file_refused": "cannot write to {file}: {problem}; name another file",
    "save_exists": "{folder} cannot hold this run: {file} is there already; name another folder for --save",
    "save_refused": "cannot write to {folder}: {problem}; name another folder for --save",
    "save_failed": "cannot go on saving to {folder}: {problem}; the run was stopped, what was written so far is kept",
    "lab_not_copied": "cannot copy {file} into the sandbox: {problem}; mend it, or move it out of the lab's folder",
    "output_failed": "cannot write the output: {problem}; the run was stopped",
    "sysctl_outside_net": "the setting '{setting}' is not under net., and would change the whole machine; refused",
    "program_already_runs": "the program '{program}' runs already; stop it before it is started again",
    "program_not_ready": "the program '{program}' was not ready within {seconds:g} s",
    "program_stays": "the program '{program}' does not end",
    "measure_no_answer": "{node} gets no answer from {address}, which is '{way}'; look where it is lost: "
    "tunlab trace {node} {address}",
    "program_ended": "the program '{program}' ended at once; it said: {said}",
    "command_failed": "`{command}` failed with status {code}:\n{said}",
    "command_status": "`{command}` ended with status {code}, not {expected}:\n{said}",
    "program_not_running": "the program '{program}' does not run; start it before it is sent a signal",
    "command_too_long": "`{command}` did not end within {seconds:g} s",
    # remedies
    "remedy_no_clone_device": "load the driver with `sudo modprobe tun`; in a container add `--device /dev/net/tun`",
    "remedy_clone_device_mode": "allow users to open it with `sudo chmod 0666 /dev/net/tun` (usual on "
    "distributions with udev), or run `sudo {command}`",
    "remedy_clone_device_cgroup": "a container forbids the device: start it with `--device /dev/net/tun`",
    "remedy_userns_apparmor": "AppArmor restricts user namespaces here (Ubuntu since 23.10): "
    "`sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0`, or run `sudo {command}`",
    "remedy_userns_debian": "allow user namespaces with `sudo sysctl -w kernel.unprivileged_userns_clone=1`, "
    "or run `sudo {command}`",
    "remedy_userns_none": "no more user namespaces are allowed: `sudo sysctl -w user.max_user_namespaces=10000`, "
    "or run `sudo {command}`",
    "remedy_userns_container": "user namespaces are refused here, often by a container's seccomp profile or by a "
    "chroot: run tunlab outside of it, or run `sudo {command}`",
    "remedy_root_unshare": "root without CAP_SYS_ADMIN cannot make namespaces: in a container add `--privileged`, "
    "or run tunlab as an ordinary user",
    "remedy_sandbox": "the system masks parts of /proc or /sys, as containers do: run tunlab outside of the container",
    "remedy_tun_busy": "another program holds that device; see who with `grep -l iff: /proc/*/fdinfo/*`",
    "remedy_tun_invalid": "a device keeps the type and queues that it was made with: tun is not tap",
    "remedy_tun_owner": "the device belongs to another user",
    "remedy_exists": "something of that name or address is there already",
    "remedy_no_device": "there is no device of that name",
    "remedy_not_permitted": "CAP_NET_ADMIN is missing in that network namespace",
    "remedy_no_kind": "this kernel has no '{kind}' devices; its module is missing",
    "remedy_no_gateway": "the gateway itself must be reachable first",
    "remedy_no_route": "no route leads there: give a device an address in that network, or add a route",
    # what is missing
    "missing_tun": "/dev/net/tun is missing",
    "missing_ipv6": "this kernel was started without IPv6",
    "missing_cc": "there is no C compiler (cc)",
    "missing_tcpdump": "tcpdump is not installed",
    "missing_openvpn": "OpenVPN is not installed; install it with `sudo apt install openvpn`",
    "missing_vtun": "vtund is not installed; install it with `sudo apt install vtun`",
    "missing_xfrm": "this kernel has no IPsec (xfrm with ESP): try `sudo modprobe -a xfrm_user esp4`; if it has no "
    "such modules, run this under a distribution's own kernel, in a virtual machine for example",
    # the run
    "step_of": "step {number} of {total}",
    "why": "Why",
    "footer_act": "Enter: run it",
    "footer_look": "Enter: look",
    "footer_explain": "Enter: why",
    "footer_next": "Enter: {title}",
    "footer_end": "Enter: end",
    "skipped": "Skipped: {reason}.",
    "kernel_side": "kernel: {device}",
    "program_side": "program: {program}",
    "program_pid": "pid {pid} in the lab, fd {fd}",
    "program_none": "program: none",
    "device_gone": "not there",
    "no_address": "no address",
    "end_sent": "TX {packets} {packets:packet|packets}{more}, {bytes} {bytes:byte|bytes}",
    "end_received": "RX {packets} {packets:packet|packets}{more}, {bytes} {bytes:byte|bytes}",
    "end_more": " (+{count})",
    "end_dropped": "dropped: TX {tx}, RX {rx}",
    "end_read": "read {packets} {packets:packet|packets}{more}, {bytes} {bytes:byte|bytes}",
    "end_written": "written {packets} {packets:packet|packets}{more}, {bytes} {bytes:byte|bytes}",
    "column_number": "#",
    "column_after": "after s",
    "column_direction": "direction",
    "column_bytes": "bytes",
    "column_what": "what it is",
    "direction_out": "out",
    "direction_in": "in",
    "direction_read": "read",
    "direction_written": "written",
    "rows_hidden": "{count} {count:packet|packets} in between",
    "status_pass": "[pass]",
    "status_fail": "[FAIL]",
    "status_unknown": "[unknown]",
    "status_skipped": "[skipped]",
    "saw": "saw {actual}",
    "expected_saw": "expected {expected}, saw {actual}",
    "capture_dropped": "the capture lost packets, so nobody can tell; play the step again",
    "nothing_else_happened": "nothing else happened in this step either, so silence proves nothing",
    "run_done": "Done: {passed} {passed:check|checks} passed, {skipped} skipped. Nothing is left behind.",
    "run_failed": "{failed} {failed:check|checks} failed, {unknown} unknown, {passed} passed. Nothing is left behind.",
    "run_left": "You left at step {step}. Nothing is left behind. Go on with: {again}",
    "run_stopped": "Stopped in step {step} by {signal}. Nothing is left behind. Go on with: {again}",
    # trust
    "trust_list": "{folder} did not come with tunlab. It will run these commands in its sandbox:",
    "trust_root": "You are root: the commands run with root's rights, and only the network is apart.",
    "trust_ask": "Enter: let it run them   q quit",
    # lint and prove
    "lint_clean": "{lab}: no mistakes found",
    "prove_step": "{step}: {before} of {total} checks failed before, {after} of {total} passed after",
    "prove_skipped": "{step}: skipped: {reason}",
    "prove_early": "check '{check}' passes before the step's action",
    "prove_late": "check '{check}' does not pass after the step's action: expected {expected}, saw {actual}",
    "prove_left": "left behind: {left}",
    "prove_done": "{lab}: proved",
    "prove_failed": "{lab}: not proved",
    "prove_not_rebuilt": "what the steps before it left cannot be brought back: later steps may stand on verbs, "
    "not on what 'exec' did",
}
