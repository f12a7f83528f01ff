"""`ps`, `exec`, `shell` and `down` from a second terminal: what they pass through, and what each kind of end leaves."""

import json
import os
import shlex
import signal
import subprocess
import time
from pathlib import Path

import pytest
from other_terminal import STRANGER, Lab, running
from playing import SMALL, Player, sign
from strange import PATIENCE, TUNLAB, Done, environment, shell
from terminal import CONTROL_C, CONTROL_Z, Terminal

from tunlab.i18n import LANGUAGES, Words

pytestmark = pytest.mark.needs("sandbox")

SAY = {language: Words(language) for language in LANGUAGES}


def tunlab(place: Path, line: str, cwd: Path | None = None) -> Done:
    return shell(f'"$TUNLAB" {line}', cwd, XDG_RUNTIME_DIR=place)


def on_terminal(place: Path, line: str) -> Terminal:
    return Terminal([TUNLAB, *shlex.split(line)], environment(XDG_RUNTIME_DIR=place))


def ended_well(terminal: Terminal, status: int) -> bool:
    """That status, and a terminal as it was found."""
    assert terminal.end() == status, terminal.text()
    return terminal.mode() == terminal.mode_at_first and terminal.shows_cursor()


# exec


def test_exec_passes_status_and_words_through(tmp_path: Path) -> None:
    with running(tmp_path):
        for line, status in (
            ("exec h1 -- sh -c 'exit 3'", 3),
            ("exec h1 sh -c 'kill -TERM $$'", 143),
            ("exec h1 -- /etc/passwd", 126),
            ("exec h1 -- nosuchprogram", 127),
        ):
            assert tunlab(tmp_path, line).returncode == status, line
        done = tunlab(tmp_path, "exec h2 -- printf '%s,' -h --lang -- ''")
        assert (done.stdout, done.stderr) == ("-h,--lang,--,,", "")
        assert tunlab(tmp_path, "exec h1 -- ip -br link").stdout.split()[0] == "lo"


def test_exec_keeps_the_folder_where_it_is_seen_inside(tmp_path: Path) -> None:
    with running(tmp_path):
        assert tunlab(tmp_path, "exec h1 -- pwd", tmp_path).stdout.strip() == str(tmp_path)
        gone = tmp_path / "gone"
        script = f'mkdir {gone}; cd {gone}; rmdir {gone}; "$TUNLAB" exec h1 -- pwd'
        assert shell(script, XDG_RUNTIME_DIR=tmp_path).stdout.strip() == "/run/tunlab/work"


def test_exec_hands_on_a_megabyte_unchanged(tmp_path: Path) -> None:
    data = os.urandom(1 << 20)
    with running(tmp_path):
        words = [TUNLAB, "exec", "h1", "--", "sh", "-c", "cat; echo told >&2"]
        surroundings = environment(XDG_RUNTIME_DIR=tmp_path)
        done = subprocess.run(words, input=data, capture_output=True, env=surroundings, timeout=PATIENCE)
    assert (done.returncode, done.stdout == data, done.stderr) == (0, True, b"told\n")


def test_a_signal_reaches_the_command(tmp_path: Path) -> None:
    with running(tmp_path):
        words = [TUNLAB, "exec", "h1", "--", "sh", "-c", "trap 'exit 9' INT; echo on; while :; do sleep 0.01; done"]
        with subprocess.Popen(words, env=environment(XDG_RUNTIME_DIR=tmp_path), stdout=subprocess.PIPE) as command:
            assert command.stdout and command.stdout.readline() == b"on\n"
            command.send_signal(signal.SIGINT)
            assert command.wait(PATIENCE) == 9


def test_a_reader_who_has_enough_ends_it(tmp_path: Path) -> None:
    with running(tmp_path):
        done = shell('{ "$TUNLAB" exec h1 -- yes; echo $? >&2; } | head -n 1', XDG_RUNTIME_DIR=tmp_path)
    assert (done.stdout, done.stderr) == ("y\n", "141\n")


def test_keys_of_the_terminal(tmp_path: Path) -> None:
    """Ctrl-C ends what runs; Ctrl-Z stops it together with us, and a stopped job keeps no sandbox from ending."""
    with running(tmp_path) as lab:
        with on_terminal(tmp_path, "exec h1 -- sh -c 'tty; exec sleep 1000'") as terminal:
            terminal.expect("/dev/pts/")
            terminal.type(CONTROL_C)
            assert ended_well(terminal, 130)
        with Terminal(["bash", "--norc", "-i"], environment(XDG_RUNTIME_DIR=tmp_path, PS1="out> ")) as outer:
            outer.expect("out>")
            outer.type(f"{TUNLAB} exec h1 -- sh -c 'echo on; read x; echo got=$x; read x'\r".encode())
            outer.expect("\non")
            outer.type(CONTROL_Z)
            outer.expect("Stopped")
            outer.type(b"fg\r")
            outer.expect("exec h1")
            outer.type(b"typed\r")
            outer.expect("got=typed")
            outer.type(CONTROL_Z)
            outer.wait_until(lambda: outer.text().count("Stopped") == 2, "Stopped")
            lab.kill()
            assert lab.front.wait(PATIENCE) == 137
            outer.clear()
            outer.type(b"fg\r")
            outer.expect(lab.name + " has ended")
            outer.type(b"exit\r")
            outer.end()


# Which session, which node


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_not_there(language: str, tmp_path: Path) -> None:
    say = SAY[language]
    if os.geteuid() != 0:  # root may see other people's
        for line in ("exec h1 -- true", "shell h1", "down nosuch"):
            done = tunlab(tmp_path, f"--lang {language} {line}")
            assert (done.returncode, done.stderr) == (3, f"tunlab: {say('no_session')}\n"), line
    with running(tmp_path):
        done = tunlab(tmp_path, f"exec --lang {language} h11 -- true")
        known = {"name": "h11", "near": "h1", "known": "h1, h2"}
        assert (done.returncode, done.stderr) == (2, f"tunlab: {say('unknown_node_near', **known)}\n")
        done = tunlab(tmp_path, f"exec --lang {language} --session nobody h1 -- true")
        assert (done.returncode, "nobody" in done.stderr, "lab-x" in done.stderr) == (2, True, True)
        done = tunlab(tmp_path, f"exec --lang {language} h1")
        assert (done.returncode, done.stderr) == (2, f"tunlab: {say('exec_nothing', node='h1')}\n")
        done = tunlab(tmp_path, f"shell --lang {language} </dev/null")
        assert (done.returncode, done.stderr) == (2, f"tunlab: {say('several_node', names='h1, h2')}\n")


def test_one_of_several(tmp_path: Path) -> None:
    with running(tmp_path) as one, running(tmp_path) as two:
        names = f"{one.name}, {two.name}"
        done = tunlab(tmp_path, "exec --lang en h1 -- true")
        assert (done.returncode, done.stderr) == (2, f"tunlab: {SAY['en']('several_session', names=names)}\n")
        assert tunlab(tmp_path, f"exec --session {two.name} h1 -- true").returncode == 0
        with on_terminal(tmp_path, "down --lang en") as terminal:
            terminal.expect("(q: leave):")
            terminal.type(b"3\r")
            terminal.wait_until(lambda: terminal.text().count("(q: leave):") == 2, "second question")
            terminal.type(b"2\r")
            assert ended_well(terminal, 0)
            assert SAY["en"]("clean_ended", session=two.name) in terminal.text()
        assert two.front.wait(PATIENCE) == 143
        done = tunlab(tmp_path, "down --lang en")  # the only one that is left
        assert (done.returncode, done.stdout) == (0, SAY["en"]("clean_ended", session=one.name) + "\n")


@pytest.mark.parametrize("key", [b"q\r", CONTROL_C])
def test_none_of_several(key: bytes, tmp_path: Path) -> None:
    with running(tmp_path), on_terminal(tmp_path, "shell --lang en") as terminal:
        terminal.expect("(q: leave):")
        terminal.type(key)
        assert ended_well(terminal, 130)


# ps


def test_ps(tmp_path: Path) -> None:
    with running(tmp_path) as lab:
        sleeper = [TUNLAB, "exec", "h2", "--", "sh", "-c", "echo on; exec sleep 1000"]
        with subprocess.Popen(sleeper, env=environment(XDG_RUNTIME_DIR=tmp_path), stdout=subprocess.PIPE) as program:
            assert program.stdout and program.stdout.readline() == b"on\n"
            told = [json.loads(line) for line in tunlab(tmp_path, "ps --json").stdout.splitlines()]
            table = tunlab(tmp_path, "ps").stdout
            program.terminate()
        [about] = [each for each in told if each["holder"] == lab.session.holder]
        h1, h2 = about["nodes"]
        assert (about["session"], about["lab"], h1) == (
            lab.name,
            "lab-x",
            {"name": "h1", "devices": ["lo"], "programs": []},
        )
        [seen] = h2["programs"]
        assert seen["command"] == "sleep 1000"
        for word in (lab.name, "h1", "h2", f"{seen['pid']}  sleep 1000"):
            assert word in table


def test_an_odd_session_does_not_silence_the_others(tmp_path: Path) -> None:
    with running(tmp_path) as odd, running(tmp_path) as other:
        words = f"--session {odd.name} h1 -- sh -c 'umount /run/netns/*; rm -r /run/netns'"
        assert tunlab(tmp_path, f"exec {words}").returncode == 0
        done = tunlab(tmp_path, "ps --lang en")
        assert (done.returncode, other.name in done.stdout) == (0, True)
        assert done.stderr == f"tunlab: {SAY['en']('session_odd', session=odd.name)}\n"
        done = tunlab(tmp_path, f"exec --session {odd.name} h1 -- true")
        assert (done.returncode, "ENOENT" in done.stderr, "Traceback" in done.stderr) == (3, True, False)


@pytest.mark.needs("user")
@pytest.mark.parametrize("language", LANGUAGES)
def test_ps_of_nothing(language: str, tmp_path: Path) -> None:
    done = tunlab(tmp_path, f"ps --lang {language}")
    assert (done.returncode, done.stdout, done.stderr) == (0, SAY[language]("ps_none") + "\n", "")


# shell


def test_a_shell_is_that_of_its_node(tmp_path: Path) -> None:
    with running(tmp_path):
        with on_terminal(tmp_path, "shell h2") as terminal:
            terminal.expect(f"h2{sign()}")
            terminal.resize(100, 30)
            terminal.type(b"stty size; echo node=$TUNLAB_NODE; ls /sys/class/net; exit 5\r")
            terminal.expect("30 100")
            assert ended_well(terminal, 5)
            assert "node=h2\nlo" in terminal.text()
        done = tunlab(tmp_path, "shell h1 <<'end'\necho piped=$((1+1)); exit 4\nend")
        assert (done.returncode, done.stdout) == (4, "piped=2\n")


@pytest.mark.parametrize("command", ["shell h1", "exec h1 -- sh -i"])
def test_the_holder_is_killed_under_it(command: str, tmp_path: Path) -> None:
    with running(tmp_path) as lab, on_terminal(tmp_path, f"--lang en {command}") as terminal:
        terminal.expect(sign())
        terminal.type(b"printf '\\033[?1049h\\033[?25l'; echo full=$((1+1))\r")
        terminal.expect("full=2")
        lab.kill()
        assert ended_well(terminal, 3)
        assert SAY["en"]("session_ended", session=lab.name) in " ".join(terminal.text().split())


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGHUP])
def test_a_shell_that_is_asked_to_end(signum: signal.Signals, tmp_path: Path) -> None:
    with running(tmp_path), on_terminal(tmp_path, "shell h1") as terminal:
        terminal.expect(f"h1{sign()}")
        os.kill(terminal.pid, signum)
        assert ended_well(terminal, 128 + signum)


def test_a_shell_whose_terminal_is_closed(tmp_path: Path) -> None:
    with running(tmp_path), on_terminal(tmp_path, "shell h1") as terminal:
        terminal.expect(f"h1{sign()}")
        terminal.hang_up()
        assert terminal.wait_for_end() == 129


def test_what_it_leaves_in_the_background_can_go_on_printing(tmp_path: Path) -> None:
    go, said = tmp_path / "go", tmp_path / "said"
    with running(tmp_path), on_terminal(tmp_path, "shell h1") as terminal:
        terminal.expect(f"h1{sign()}")
        terminal.type(f"(until [ -e {go} ]; do sleep 0.02; done; echo late && touch {said}) & exit\r".encode())
        assert ended_well(terminal, 0)
        go.touch()
        deadline = time.monotonic() + PATIENCE
        while not said.exists():
            assert time.monotonic() < deadline, "it could not print"
            os.sched_yield()


def test_in_the_background_it_waits_for_its_turn(tmp_path: Path) -> None:
    with (
        running(tmp_path),
        Terminal(["bash", "--norc", "-i"], environment(XDG_RUNTIME_DIR=tmp_path, PS1="out> ")) as outer,
    ):
        outer.expect("out>")
        outer.type(f"set -b; {TUNLAB} shell h1 &\r".encode())
        outer.expect("Stopped")
        outer.type(b"fg\r")
        outer.expect(f"h1{sign()}")
        outer.type(b"exit 6\r")
        outer.wait_until(lambda: outer.text().rstrip().endswith("out>"), "prompt")
        outer.type(b"exit $?\r")
        assert outer.end() == 6


# Two users


@pytest.mark.needs("root")
def test_root_sees_all_and_is_their_owner_inside(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    with running(tmp_path, STRANGER) as theirs:
        name = f"{STRANGER}/{theirs.name}"
        assert name.partition("/")[0] in [
            json.loads(line)["user"] for line in tunlab(tmp_path, "ps --json").stdout.splitlines()
        ]
        look = "id -u; id -G; grep CapEff /proc/self/status; cat /proc/self/uid_map; echo secret=$SECRET"
        with running(tmp_path) as own:
            assert tunlab(tmp_path, "exec h1 -- id -u").stdout == "0\n"  # one's own is meant
            words = f"exec --session {name} h1 -- sh -c '{look}'"
            done = shell(f'SECRET=x "$TUNLAB" {words}', XDG_RUNTIME_DIR=tmp_path)
            uid, groups, capabilities, mapped, secret = done.stdout.splitlines()
            assert (uid, groups.split()[0], mapped.split()[1]) == (str(STRANGER), str(STRANGER), str(STRANGER))
            assert int(capabilities.split()[1], 16) >> 21 & 1  # CAP_SYS_ADMIN, in their namespaces
            assert secret == "secret="
            with on_terminal(
                tmp_path, f"exec --session {name} h1 -- sh -c 'stat -L -c %u,%n $(tty); exit 7'"
            ) as terminal:
                terminal.expect(f"{STRANGER},/dev/pts/")  # a terminal of its own, which is not root's
                assert ended_well(terminal, 7)
            assert own.session.alive()


@pytest.mark.needs("root")
@pytest.mark.parametrize("words", ["inspect h1:lo --once", "inspect h1:lo --once --json", "inspect h1:lo --lang zh"])
def test_root_looks_into_anothers_without_importing_there(tmp_path: Path, words: str) -> None:
    """An import is refused in another user's sandbox: whatever a view needs has to be loaded before."""
    tmp_path.chmod(0o755)
    with running(tmp_path, STRANGER) as theirs:
        words = f"{words} --session {STRANGER}/{theirs.name}"
        if "--once" in words:
            done = tunlab(tmp_path, words)
            assert (done.returncode, done.stderr) == (0, "") and "LOOPBACK" in done.stdout
            return
        with on_terminal(tmp_path, words) as terminal:
            terminal.expect("LOOPBACK")
            ping = "ip link set lo up; ping -c 1 127.0.0.1"
            assert tunlab(tmp_path, f"exec --session {STRANGER}/{theirs.name} h1 -- sh -c '{ping}'").returncode == 0
            terminal.expect("ICMP echo reply")
            terminal.type(b"\r")
            terminal.expect("ihl")
            terminal.type(b"d")
            terminal.expect("LOOPBACK")
            terminal.type(b"q")
            assert ended_well(terminal, 0)


@pytest.mark.needs("root")
@pytest.mark.parametrize("language", LANGUAGES)
def test_root_names_whose_session_it_ends(language: str, tmp_path: Path) -> None:
    with running(tmp_path, STRANGER) as theirs:
        name = f"{STRANGER}/{theirs.name}"
        done = tunlab(tmp_path, f"down --lang {language}")
        known = SAY[language]("anothers_session", names="\0").split("\0")
        assert (done.returncode, name in done.stderr, all(each in done.stderr for each in known)) == (2, True, True)
        assert theirs.session.alive()
        done = tunlab(tmp_path, f"down --lang {language} {name}")
        assert (done.returncode, done.stdout) == (0, SAY[language]("clean_ended", session=name) + "\n")


@pytest.mark.needs("root")
def test_others_see_only_their_own(tmp_path: Path) -> None:
    look = "from tunlab.session.finding import running; import os; os.setgid(U); os.setuid(U); print(len(running()))"
    words = ["-c", look.replace("U", str(STRANGER))]
    python = TUNLAB.with_name("python")
    surroundings = {name: value for name, value in os.environ.items() if name != "XDG_RUNTIME_DIR"}
    with running(tmp_path):
        assert subprocess.run([python, *words], env=surroundings, capture_output=True, text=True).stdout == "0\n"
        with running(tmp_path, STRANGER):
            assert subprocess.run([python, *words], env=surroundings, capture_output=True, text=True).stdout == "1\n"


# Completion


def complete(place: Path, line: str) -> list[str]:
    words = line.split(" ")
    script = f'COMP_WORDS={shlex.quote(line)} COMP_CWORD={len(words) - 1} _TUNLAB_COMPLETE=complete_bash "$TUNLAB"'
    return shell(script, XDG_RUNTIME_DIR=place).stdout.split()


def test_completion(tmp_path: Path) -> None:
    def offers(lab: Lab) -> None:
        assert complete(tmp_path, "tunlab shell ") == ["h1", "h2"]
        assert complete(tmp_path, f"tunlab exec --session {lab.name} h") == ["h1", "h2"]
        assert lab.name in complete(tmp_path, "tunlab down ")
        assert lab.name in complete(tmp_path, "tunlab exec --session lab")

    with running(tmp_path) as lab:
        offers(lab)


# A real run


@pytest.mark.needs("tun")
def test_a_turn_is_done_from_a_second_terminal(installed: Path, tmp_path: Path) -> None:
    with Player(installed, tmp_path)("en", SMALL) as run:
        run.to_turn()
        for command in ("ip addr add 192.0.2.1/24 dev tun0", "ip link set dev tun0 up"):
            done = tunlab(tmp_path, f"exec h1 -- {command}")
            assert (done.returncode, done.stderr) == (0, "")
        run.await_all("status_pass", "footer_explain")
        [about] = [
            each
            for each in map(json.loads, tunlab(tmp_path, "ps --json").stdout.splitlines())
            if each["lab"] == "lab-keys"
        ]
        assert [node["devices"] for node in about["nodes"]] == [["lo", "eth0", "tun0"], ["lo", "eth0"]]
        assert "reader" in about["nodes"][0]["programs"][0]["command"]
        run.quit()
