"""What this machine offers to labs: tries it, and yields a finding for each thing tried."""

import os
import shutil
import signal
import sys
from collections.abc import Collection, Iterator
from importlib.metadata import version

from tunlab import paths
from tunlab.engine.cures import cure, typed
from tunlab.errors import KernelError, TunlabError
from tunlab.kernel import device_kinds, probe, surroundings, trials
from tunlab.kernel.holder import END_SIGNALS, Ended
from tunlab.kernel.user import real_uid
from tunlab.model.diagnosis import Finding, Group, Sentence, State
from tunlab.session import record

# Programs, each with the Debian packages that bring it
PACKAGES = {
    "cc": "gcc libc6-dev",
    "tcpdump": "tcpdump",
    "bash": "bash",
    "ip": "iproute2",
    "ping": "iputils-ping",
    "tshark": "tshark",
    "iperf3": "iperf3",
    "openvpn": "openvpn",
    "vtund": "vtun",
}
# Without these no lab can run; without the others of the base, some can.
_VITAL = ("sandbox", "tun", "packet-socket", "namespace")


def examine(needed: Collection[str], run: str) -> Iterator[Finding]:
    """Look at everything. `needed` are the programs and kinds of device that the shipped labs use; `run` is a command
    that plays a lab. Raises Ended where a signal asked for that.
    """
    yield from _sandbox(needed, run)
    yield _sessions()
    for program in PACKAGES:
        yield _program(program, program in needed)
    yield from _machine()


def _sandbox(needed: Collection[str], run: str) -> Iterator[Finding]:
    wanted = trials.with_kinds()
    try:
        told, status = trials.try_all(wanted)
    except KernelError as error:
        yield _refused("sandbox", error, run)
        try:
            probe.open_clone_device()
        except KernelError as closed:
            yield _refused("tun", closed, run)
        return
    if status - 128 in END_SIGNALS:
        raise Ended(status - 128)
    yield Finding(Group.BASE, "sandbox", State.OK, _about("sandbox"))
    for name in (*trials.BASE, *device_kinds.KINDS):
        if name in wanted and name not in told:
            yield _cut_short(name, status)
            return
        refused = told.get(name)
        if name in device_kinds.KINDS:
            yield _kind(name, refused, name in needed)
        elif refused:
            yield _refused(name, refused, run)
        else:
            yield Finding(Group.BASE, name, State.OK, _about(name))


def _about(name: str) -> tuple[Sentence, ...]:
    return (Sentence(f"doctor_about_{name.replace('-', '_')}"),)


def _refused(name: str, error: KernelError, run: str) -> Finding:
    """Something that every lab stands on, or most."""
    why, command = cure(error, run)
    vital = name in _VITAL
    if name == "ipv6" and probe.missing("ipv6"):
        why, command = (Sentence("doctor_why_ipv6"),), None
    without = () if vital else (Sentence(f"doctor_without_{name}"),)
    detail = (Sentence(error.key, error.values), *why, *without)
    return Finding(Group.BASE, name, State.NO if vital else State.PART, detail, command)


def _cut_short(name: str, status: int) -> Finding:
    """The sandbox was ended while it tried `name`."""
    by = signal.Signals(status - 128).name if status > 128 else str(status)
    return Finding(Group.BASE, name, State.NO, (Sentence("doctor_cut_short", {"by": by}),))


def _kind(name: str, refused: KernelError | None, needed: bool) -> Finding:
    about = _about(name)
    if refused is None:
        module = device_kinds.module_to_load(name)
        there = (Sentence("doctor_kind_unloaded", {"module": module}),) if module else ()
        return Finding(Group.KIND, name, State.OK, (*about, *there), needed=needed)
    if refused.errno_name == "EOPNOTSUPP":
        missing = Sentence("doctor_kind_missing")
    else:
        missing = Sentence(refused.key, refused.values)
    return Finding(Group.KIND, name, State.PART, (*about, missing), needed=needed)


def _sessions() -> Finding:
    """A run notes down its sandbox in a folder of the user's own."""
    folder = paths.sessions(os.geteuid())
    try:
        record.remove(folder, record.claim(folder, "doctor"))
    except TunlabError as error:
        remedy = "export XDG_RUNTIME_DIR=$(mktemp -d)"
        return Finding(Group.BASE, "sessions", State.NO, (Sentence(error.key, error.values),), remedy)
    return Finding(Group.BASE, "sessions", State.OK, (Sentence("doctor_about_sessions", {"folder": folder}),))


def _program(name: str, needed: bool) -> Finding:
    if place := shutil.which(name, path=paths.search_path()):
        there = Sentence("doctor_program_there", {"place": place})
        return Finding(Group.PROGRAM, name, State.OK, (there,), None, needed)
    missing = [Sentence("doctor_program_missing", {"package": PACKAGES[name]})]
    if name in ("cc", "tcpdump", "openvpn", "vtund"):
        missing.append(Sentence(f"doctor_without_{name}"))
    return Finding(
        Group.PROGRAM, name, State.PART, tuple(missing), typed(f"sudo apt-get install {PACKAGES[name]}"), needed
    )


def _machine() -> Iterator[Finding]:
    kernel = [Sentence("doctor_kernel", {"release": os.uname().release})]
    if wsl := surroundings.wsl():
        kernel.append(Sentence("doctor_wsl", {"version": wsl}))
    if engine := surroundings.container():
        kernel.append(Sentence("doctor_container", {"engine": engine}))
    python = {"version": sys.version.split()[0], "tunlab": version("tunlab")}
    yield Finding(Group.ABOUT, "kernel", State.OK, tuple(kernel))
    yield Finding(Group.ABOUT, "python", State.OK, (Sentence("doctor_python", python),))
    yield Finding(Group.ABOUT, "user", State.OK, (_user(),))


def _user() -> Sentence:
    if os.geteuid() != 0:
        return Sentence("doctor_user", {"uid": os.geteuid()})
    return Sentence("doctor_sudo", {"uid": real_uid()}) if real_uid() else Sentence("doctor_root")
