"""Why the kernel refused something, and the one command that helps."""

import os

from tunlab.errors import KernelError
from tunlab.kernel import probe, surroundings
from tunlab.model.diagnosis import Sentence

# The commands of the sentences of the same name in messages/, where there is but one.
COMMANDS = {
    "remedy_no_clone_device": "sudo modprobe tun",
    "remedy_clone_device_mode": "sudo chmod 0666 /dev/net/tun",
    "remedy_userns_apparmor": "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
    "remedy_userns_debian": "sudo sysctl -w kernel.unprivileged_userns_clone=1",
    "remedy_userns_none": "sudo sysctl -w user.max_user_namespaces=10000",
}
_OF_CONTAINER = ("remedy_userns_container", "remedy_root_unshare", "remedy_sandbox")
_EXPLAINED = {*COMMANDS, "remedy_clone_device_cgroup", *_OF_CONTAINER}


def cure(error: KernelError, run: str) -> tuple[tuple[Sentence, ...], str | None]:
    """Why it was refused, as far as one can tell, and what to type. `run` is a command that plays a lab."""
    if surroundings.wsl() == 1:
        name = os.environ.get("WSL_DISTRO_NAME", "Debian")
        return (Sentence("doctor_why_wsl1"),), f"wsl.exe --set-version {name} 2"
    if error.errno_name == "ENOSPC" and (limit := surroundings.limit_of_none()):
        return (Sentence("doctor_why_limit", {"limit": limit}),), typed(f"sudo sysctl -w {limit}=10000")
    remedy = _explained(error)
    why = (Sentence(f"doctor_why_{remedy.removeprefix('remedy_')}"),) if remedy in _EXPLAINED else ()
    return why, _command(remedy, error.errno_name, run)


def _explained(error: KernelError) -> str:
    """The key of the remedy, once more considered: the switches tell more than the errno."""
    remedy = error.remedy or ""
    if remedy == "remedy_sandbox" and os.geteuid() != 0 and probe.user_namespace_remedy() == "remedy_userns_apparmor":
        return "remedy_userns_apparmor"  # it may refuse the mounts, not the namespaces
    if remedy == "remedy_no_clone_device" and surroundings.container():
        return "remedy_clone_device_cgroup"
    return remedy


def _command(remedy: str, errno_name: str, run: str) -> str | None:
    engine = surroundings.container() or "docker"
    if remedy == "remedy_clone_device_cgroup":
        return f"{engine} run --device /dev/net/tun IMAGE"
    if remedy == "remedy_root_unshare" or (remedy in _OF_CONTAINER and surroundings.container()):
        return f"{engine} run --privileged --device /dev/net/tun IMAGE"
    if remedy in COMMANDS:
        return typed(COMMANDS[remedy])
    forbidden = remedy in _OF_CONTAINER or errno_name in ("EPERM", "EACCES")
    return f"sudo {run}" if forbidden and os.geteuid() != 0 else None


def typed(command: str) -> str:
    """Root has no need of sudo, nor always has it."""
    return command.removeprefix("sudo ") if os.geteuid() == 0 else command
