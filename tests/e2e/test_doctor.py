"""`tunlab doctor`: says that labs can run where they can; and where they cannot, why, and what to type."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from host_state import changes, snapshot
from strange import Done, environment
from terminal import Terminal

from tunlab import paths
from tunlab.i18n import LANGUAGES, Words
from tunlab.kernel import surroundings

TUNLAB = Path(sys.executable).with_name("tunlab")
RUN = f"{TUNLAB} run lab-1.4"
ENGINE = surroundings.container()

# A user namespace lets anybody arrange the mounts that a case needs; `unshare` keeps them from the host.
AS_ROOT = "unshare --user --map-root-user --mount"
AS_SELF = "unshare --user --map-current-user --keep-caps --mount"


def doctor(script: str, tmp_path: Path, **more: str) -> Done:
    return subprocess.run(
        ["/bin/sh", "-c", script],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        env=environment(**{"PATH": paths.search_path(), "TMP": str(tmp_path)} | more),
        timeout=20,
    )


def findings(done: Done) -> tuple[dict[str, dict[str, Any]], str]:
    """Those of --json by name, and the state of the whole."""
    *lines, last = map(json.loads, done.stdout.splitlines())
    assert {line["event"] for line in lines} == {"finding"}
    assert all({"schema", "name", "status", "detail", "remedy"} <= line.keys() for line in lines)
    assert (last["schema"], last["event"]) == (1, "diagnosis")
    return {line["name"]: line for line in lines}, last["state"]


@pytest.mark.needs("sandbox", "tun")
def test_labs_can_run(tmp_path: Path) -> None:
    before = snapshot()
    done = doctor('"$TUNLAB" doctor --json', tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    found, state = findings(done)
    assert {
        found[name]["status"] for name in ("sandbox", "tun", "tap", "packet-socket", "namespace", "veth", "sessions")
    } == {"ok"}
    assert state != "no"
    assert changes(before, snapshot()) == {}


@pytest.mark.needs("sandbox", "tun")
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_verdict_comes_first(language: str, tmp_path: Path) -> None:
    done = doctor(f'"$TUNLAB" doctor --lang {language}', tmp_path)
    first, _, *rest = done.stdout.splitlines()
    assert first.startswith(Words(language)("doctor_can"))
    assert rest[0].startswith("[ok]   sandbox")
    assert all(line.startswith(("[ok]", "[part]", " ")) for line in rest[:9])


@pytest.mark.needs("sandbox", "tun")
@pytest.mark.alike
def test_no_word_is_broken_at_the_terminal_s_edge(tmp_path: Path) -> None:
    """What a finding says stands beside its name, in as many lines as it takes."""
    with Terminal([TUNLAB, "doctor", "--lang", "en"], environment(TMP=str(tmp_path)), columns=60, lines=80) as terminal:
        assert terminal.end() in (0, 3)
        lines = terminal.transcript().splitlines()
    sandbox = next(number for number, line in enumerate(lines) if line.startswith("[ok]   sandbox"))
    told = " ".join(line[22:] for line in lines[sandbox : sandbox + 3])
    assert "with fresh /proc, /sys and /run" in told
    assert lines[sandbox + 1].startswith(" " * 22)


@pytest.mark.needs("sandbox", "tun")
@pytest.mark.parametrize("language", LANGUAGES)
def test_programs_that_are_missing(language: str, tmp_path: Path) -> None:
    words = Words(language)
    found, state = findings(doctor('"$TUNLAB" doctor --json', tmp_path, PATH=str(tmp_path)))
    sudo = "" if os.geteuid() == 0 else "sudo "
    assert state == "part"
    assert {name: (found[name]["status"], found[name]["remedy"]) for name in ("cc", "tcpdump")} == {
        "cc": ("part", f"{sudo}apt-get install gcc libc6-dev"),
        "tcpdump": ("part", f"{sudo}apt-get install tcpdump"),
    }
    missing = {name for name, line in found.items() if line["status"] == "part" and line["needed"]}
    assert {"cc", "tcpdump"} <= missing
    done = doctor(f'"$TUNLAB" doctor --lang {language}', tmp_path, PATH=str(tmp_path))
    assert done.returncode == 0
    assert done.stdout.splitlines()[0] == words("doctor_can_part", count=len(missing))
    assert f"[part] cc             {words('doctor_program_missing', package='gcc libc6-dev')}" in done.stdout


@dataclass(frozen=True)
class Refusal:
    """A script that ends in `{doctor}`, what the kernel then says, the key of the reason, and what is to be typed."""

    name: str
    script: str
    errno: str
    why: str
    remedy: str
    needs: tuple[str, ...] = ()


REFUSALS = [
    Refusal(
        "no clone device",
        f"{AS_ROOT} sh -c 'mount -t tmpfs none /dev/net && exec {{doctor}}'",
        "ENOENT",
        "doctor_why_clone_device_cgroup" if ENGINE else "doctor_why_no_clone_device",
        f"{ENGINE} run --device /dev/net/tun IMAGE" if ENGINE else "modprobe tun",
        ("sandbox",),
    ),
    Refusal(
        "a clone device for others",
        # A file that is root's alone: what is our own, the capabilities of the sandbox would open.
        f"{AS_SELF} sh -c 'mount --bind /etc/shadow /dev/net/tun && exec {{doctor}}'",
        "EACCES",
        "doctor_why_clone_device_mode",
        "sudo chmod 0666 /dev/net/tun",
        ("user", "sandbox", "tun"),
    ),
    Refusal(
        "a chroot",
        f'{AS_SELF} sh -c \'mount --rbind / "$TMP" && exec chroot "$TMP" {{doctor}}\'',
        "EPERM",
        "doctor_why_userns_container",
        f"{ENGINE} run --privileged --device /dev/net/tun IMAGE" if ENGINE else f"sudo {RUN}",
        ("user", "sandbox"),
    ),
    Refusal(
        "no user namespaces",
        f"{AS_SELF} sh -c 'echo 0 >/proc/sys/user/max_user_namespaces && exec {{doctor}}'",
        "ENOSPC",
        "doctor_why_limit",
        "sudo sysctl -w user.max_user_namespaces=10000",
        ("user", "sandbox"),
    ),
    Refusal(
        "no network namespaces",
        f"{AS_ROOT} sh -c 'echo 0 >/proc/sys/user/max_net_namespaces && exec {{doctor}}'",
        "ENOSPC",
        "doctor_why_limit",
        "sysctl -w user.max_net_namespaces=10000",
        ("sandbox",),
    ),
    Refusal(
        "root without its capability",
        f"{AS_ROOT} setpriv --bounding-set=-sys_admin --inh-caps=-all {{doctor}}",
        "EPERM",
        "doctor_why_root_unshare",
        f"{ENGINE or 'docker'} run --privileged --device /dev/net/tun IMAGE",
        ("sandbox",),
    ),
    Refusal(
        "WSL 1",
        f'{AS_SELF} sh -c \'echo 4.4.0-19041-Microsoft >"$TMP/release" && '
        'mount --bind "$TMP/release" /proc/sys/kernel/osrelease && WSL_DISTRO_NAME=Debian exec {doctor}\'',
        "EPERM",
        "doctor_why_wsl1",
        "wsl.exe --set-version Debian 2",
        ("user", "sandbox"),
    ),
]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "refusal", [pytest.param(each, marks=pytest.mark.needs(*each.needs), id=each.name) for each in REFUSALS]
)
def test_labs_cannot_run(refusal: Refusal, language: str, tmp_path: Path) -> None:
    done = doctor(refusal.script.format(doctor=f'"$TUNLAB" doctor --lang {language}'), tmp_path)
    assert (done.returncode, done.stderr) == (3, "")
    words, lines = Words(language), done.stdout.splitlines()
    beginning, _, _ = words("doctor_cannot", why="|").partition("|")
    reason, _, _ = words(refusal.why, limit="|").partition("|")
    assert lines[0].startswith(beginning)
    assert refusal.errno in lines[0]
    assert reason in lines[0]
    guilty = next(number for number, line in enumerate(lines) if line.startswith("[no]"))
    assert lines[guilty + 1].strip() == refusal.remedy


def test_a_refusal_as_json(tmp_path: Path) -> None:
    done = doctor(f"{AS_ROOT} sh -c 'mount -t tmpfs none /dev/net && exec \"$TUNLAB\" doctor --json'", tmp_path)
    found, state = findings(done)
    assert (done.returncode, state, found["tun"]["status"]) == (3, "no", "no")
    assert "ENOENT" in found["tun"]["detail"]


@pytest.mark.needs("sandbox")
def test_a_folder_of_sessions_that_is_somebody_else_s(tmp_path: Path) -> None:
    (tmp_path / "tunlab").symlink_to(tmp_path)
    done = doctor('"$TUNLAB" doctor --json', tmp_path, XDG_RUNTIME_DIR=str(tmp_path))
    found, state = findings(done)
    assert (done.returncode, state, found["sessions"]["status"]) == (3, "no", "no")


def test_nobody_reads_any_more(tmp_path: Path) -> None:
    assert doctor('"$TUNLAB" doctor | true', tmp_path).stderr == ""
    assert doctor('"$TUNLAB" doctor --json | true', tmp_path).stderr == ""


def test_the_front_imports_nothing_heavy() -> None:
    script = "import sys, tunlab.cli.doctor, tunlab.cli.clean; print({'pyroute2', 'scapy'} & sys.modules.keys())"
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True).stdout == "set()\n"


def test_a_limit_on_open_files_is_told(tmp_path: Path) -> None:
    """What the libraries of the trials say about it does not show."""
    done = doctor('ulimit -n 12; "$TUNLAB" doctor --json', tmp_path)
    found, state = findings(done)
    assert (done.returncode, done.stderr, state) == (3, "", "no")
    assert "EMFILE" in found["namespace"]["detail"]
