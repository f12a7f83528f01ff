"""`tunlab up` and what comes after it: what runs, who has it, and that nothing is left however it ends."""

import errno
import os
import select
import signal
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from host_state import changes, processes_with, snapshot
from strange import PATIENCE, TUNLAB, Done, environment, shell
from terminal import CONTROL_C, Terminal

from tunlab.i18n import LANGUAGES, Words
from tunlab.session import record
from tunlab.session.record import Session

pytestmark = pytest.mark.needs("sandbox")

SAY = {language: Words(language) for language in LANGUAGES}
TWO = """\
name: two
topology:
  nodes:
    h1:
      env: {WHERE: "here; and there", PAGER: most}
      exec: [ip route add default via 10.0.1.1, sh -c 'echo "$WHERE" >/run/tunlab/where']
    h2: {exec: [ip route add default via 10.0.2.1]}
    r1: {kind: router}
  links:
    - endpoints: ["h1:eth0", "r1:eth1"]
      ipv4: [10.0.1.2/24, 10.0.1.1/24]
    - endpoints: ["h2:eth0", "r1:eth2"]
      ipv4: [10.0.2.2/24, 10.0.2.1/24]
"""
ECHO = "name: far\ntopology:\n  nodes:\n    h1: {devices: {tun0: {type: tun, ipv4: 192.0.2.1/24, program: echo}}}\n"
NODE = "name: x\ntopology:\n  nodes:\n    h1: {%s}\n"


class Place:
    """A folder with a topology's file, the sessions in it, and a mark by which their processes are known."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sessions = folder / "tunlab"
        self.file = folder / "x.yaml"
        self.mark = uuid.uuid4().hex

    def surroundings(self) -> dict[str, str]:
        return environment(XDG_RUNTIME_DIR=self.folder, MARK=self.mark)

    def tunlab(self, line: str) -> Done:
        return shell(f'"$TUNLAB" {line}', self.folder, XDG_RUNTIME_DIR=self.folder, MARK=self.mark)

    def up(self, text: str) -> Session:
        self.file.write_text(text)
        done = self.tunlab("up x.yaml")
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        return self.session()

    def session(self) -> Session:
        [session] = record.sessions(self.sessions)
        return session

    def terminal(self, line: str) -> Terminal:
        return Terminal([TUNLAB, *line.split()], self.surroundings() | {"PWD": str(self.folder)})

    def processes(self) -> list[int]:
        return processes_with(f"MARK={self.mark}")

    def nothing_is_left(self) -> bool:
        assert not self.sessions.exists()
        return wait_for(lambda: not self.processes())


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    place = Place(tmp_path)
    try:
        yield place
    finally:
        for session in record.sessions(place.sessions):
            if session.alive():
                kill(session)


def kill(session: Session) -> None:
    """And wait until it is gone."""
    with suppress(ProcessLookupError):
        pidfd = os.pidfd_open(session.holder)
        try:
            os.kill(session.holder, signal.SIGKILL)
            assert select.select([pidfd], [], [], PATIENCE)[0]
        finally:
            os.close(pidfd)


def wait_for(state: object) -> bool:
    assert callable(state)
    deadline = time.monotonic() + PATIENCE
    while not state():
        assert time.monotonic() < deadline, "it took too long"
        os.sched_yield()
    return True


# In the background


def test_it_returns_and_holds_nothing_of_its_callers(place: Place) -> None:
    before = snapshot()
    place.file.write_text(TWO)
    # Descriptor 7 is the pipe that is read here to its end.
    done = shell(
        'exec 7>&1; "$TUNLAB" up x.yaml | cat', place.folder, XDG_RUNTIME_DIR=place.folder, MARK=place.mark, LC_ALL="C"
    )
    assert done.stderr == ""
    first, *commands = done.stdout.splitlines()
    assert first == SAY["en"]("up_done", name="two", nodes=3, links=2)
    assert [line.strip().removeprefix("tunlab ") for line in commands] == [
        "ps",
        "shell h1",
        "inspect h1:eth0",
        "ping h1 10.0.2.2",
        "trace h1 10.0.2.2",
        "graph",
        "down two",
    ]
    holder = Path("/proc", str(place.session().holder))
    told = (holder / "stat").read_text().rpartition(")")[2].split()
    assert (told[3], told[4]) == (holder.name, "0")  # it leads a session that has no terminal (proc(5))
    opened = [str((holder / f"fd/{fd}").readlink()) for fd in range(3)]
    assert opened == ["/dev/null"] * 3
    assert place.tunlab("exec h1 -- ping -c 1 -W 5 h2").returncode == 0
    assert place.tunlab("down").stdout == SAY["en"]("clean_ended", session="two") + "\n"
    assert place.nothing_is_left()
    assert not changes(before, snapshot())


def test_other_commands_know_it(place: Place) -> None:
    session = place.up(TWO)
    place.file.unlink()
    assert session.name in place.tunlab("ps").stdout
    assert '"kind": "topology"' in place.tunlab("ps --json").stdout
    for command in ("exec h1 -- sh -c 'echo $WHERE; cat /run/tunlab/where'", "shell h1 <<'end'\necho $WHERE\nend"):
        assert set(place.tunlab(command).stdout.splitlines()) == {"here; and there"}, command
    assert place.tunlab("exec h2 -- sh -c 'echo $WHERE'").stdout == "\n"
    assert "10.0.1.2/24" in place.tunlab("inspect h1:eth0 --once").stdout
    completion = shell(
        '_TUNLAB_COMPLETE=complete_bash COMP_WORDS="tunlab down t" COMP_CWORD=2 "$TUNLAB"', XDG_RUNTIME_DIR=place.folder
    )
    assert "two" in completion.stdout.split()  # root is offered what others run, too
    assert place.tunlab("clean --yes").returncode == 0
    assert place.nothing_is_left()


@pytest.mark.needs("tun")
def test_a_program_at_the_far_end(place: Place) -> None:
    place.up(ECHO)
    assert place.tunlab("exec h1 -- ping -c 1 -W 5 192.0.2.9").returncode == 0
    said = place.tunlab("exec h1 -- cat /run/tunlab/output").stdout
    assert said.startswith("h1 echo | Open tun/tap device: tun0")
    # One that ends later takes nothing with it.
    place.tunlab("exec h1 -- pkill -f programs.echo")
    assert wait_for(lambda: '"programs": []' in place.tunlab("ps --json").stdout)
    assert place.tunlab("down far").returncode == 0
    assert place.nothing_is_left()


def test_it_outlives_its_terminal(place: Place) -> None:
    place.file.write_text(NODE % "")
    with place.terminal(f"up {place.file}") as terminal:
        assert terminal.end() == 0
        terminal.hang_up()
    assert place.tunlab("exec h1 -- true").returncode == 0
    os.kill(place.session().holder, signal.SIGTERM)  # it takes its record away by itself
    assert wait_for(lambda: not place.sessions.exists())
    assert place.nothing_is_left()


def test_two_hundred_nodes(place: Place) -> None:
    nodes = "".join(f"    h{number}: {{}}\n" for number in range(200))
    links = "".join(
        f"    - {{endpoints: [h{n}:right, h{n + 1}:left], ipv4: [10.0.{n}.1/24, 10.0.{n}.2/24]}}\n" for n in range(199)
    )
    place.file.write_text(f"name: chain\ntopology:\n  nodes:\n{nodes}  links:\n{links}")
    done = place.tunlab("up x.yaml")
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) < 10
    assert "ping h0 10.0.198.2" in done.stdout
    assert place.tunlab("exec h7 -- ping -c 1 -W 5 h8").returncode == 0
    assert place.tunlab("down chain").returncode == 0
    assert place.nothing_is_left()


# Twice, and after a bad end


def test_a_name_that_is_taken(place: Place) -> None:
    session = place.up(NODE % "")
    for language in LANGUAGES:
        done = place.tunlab(f"up x.yaml --lang {language}")
        assert (done.returncode, done.stderr) == (3, f"tunlab: {SAY[language]('up_runs', session='x')}\n")
    assert session.alive()
    place.file.write_text(place.file.read_text().replace("name: x", "name: y"))
    assert "tunlab shell --session y h1" in place.tunlab("up x.yaml").stdout
    assert place.tunlab("down x").returncode == place.tunlab("down").returncode == 0


def test_one_that_was_killed(place: Place) -> None:
    kill(place.up(NODE % ""))
    done = place.tunlab("ps")
    assert (done.returncode, done.stderr) == (0, "")
    kill(place.up(NODE % ""))  # its name is free
    done = place.tunlab("down x")
    assert (done.returncode, done.stdout) == (0, SAY["en"]("down_dead", session="x") + "\n")
    assert place.nothing_is_left()


def test_it_can_be_ended_whatever_its_commands_do(place: Place) -> None:
    """One floods from the background, one removes all that lies in the sandbox."""
    place.up(
        NODE % "exec: [\"sh -c 'yes & exit 0'\", \"sh -c 'umount -l /run/netns/h1; rm -r /run/tunlab /run/netns'\"]"
    )
    assert place.tunlab("down").stdout == SAY["en"]("clean_ended", session="x") + "\n"
    assert place.nothing_is_left()


def test_it_is_up_where_that_cannot_be_said(place: Place) -> None:
    place.file.write_text(NODE % "")
    said = SAY["en"]("up_unsaid", name="x", problem=os.strerror(errno.ENOSPC))
    done = place.tunlab("up x.yaml >/dev/full")
    assert (done.returncode, done.stderr) == (3, f"tunlab: {said}\n")
    assert place.session().alive()


# What cannot be made


@pytest.mark.parametrize(
    ("node", "said"),
    [
        ("exec: [\"sh -c 'echo so it is; exit 7'\"]", ("h1", "status 7", "so it is")),
        ("exec: [nosuchprogram]", ("h1", "nosuchprogram")),
        ("exec: [\"sh -c 'kill -9 $$'\"]", ("h1", "status 137")),
        ("devices: {tun0: {type: tun, program: {words: [sh, -c, 'echo no; exit 4']}}}", ("h1", "status 4", "no")),
    ],
)
def test_half_of_a_topology_leaves_nothing(place: Place, node: str, said: tuple[str, ...]) -> None:
    place.file.write_text(NODE % node)
    done = place.tunlab("up x.yaml")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("tunlab: ") and all(word in done.stderr for word in said), done.stderr
    assert place.nothing_is_left()


def test_what_is_no_topology(place: Place) -> None:
    place.file.write_text("name: x\ntopology:\n  nodes:\n    h1: {kindd: host}\n")
    os.mkfifo(place.folder / "fifo")
    for name, said in (("x.yaml", "x.yaml:4: "), ("fifo", "fifo"), (".", ".")):
        done = place.tunlab(f"up {name}")
        assert (done.returncode, done.stdout, said in done.stderr) == (2, "", True), name
        assert done.stderr.count("\n") == 1 and "Traceback" not in done.stderr
    if os.geteuid() != 0:
        place.file.chmod(0)
        assert "EACCES" in place.tunlab("up x.yaml").stderr


def test_validate_tells_what_would_run(place: Place) -> None:
    place.file.write_text(TWO)
    _, said, *commands = place.tunlab("validate x.yaml").stdout.splitlines()
    assert said == SAY["en"]("validate_commands")
    assert commands == [
        "  h1$ env 'WHERE=here; and there'",
        "  h1$ env PAGER=most",
        "  h1$ ip route add default via 10.0.1.1",
        """  h1$ sh -c 'echo "$WHERE" >/run/tunlab/where'""",
        "  h2$ ip route add default via 10.0.2.1",
    ]


def test_control_c_while_it_is_made(place: Place) -> None:
    going = place.folder / "going"
    place.file.write_text(NODE % f"exec: [\"sh -c 'touch {going}; exec sleep 1000'\"]")
    with place.terminal(f"up {place.file}") as terminal:
        terminal.wait_until(going.exists, "command")
        terminal.type(CONTROL_C)
        assert terminal.end() == 130
    assert place.nothing_is_left()


# In the foreground


@pytest.mark.needs("tun")
def test_in_the_foreground(place: Place) -> None:
    place.file.write_text(ECHO)
    with place.terminal(f"up --foreground {place.file}") as terminal:
        terminal.expect("far is up: 1 node, 0 links. Ctrl-C ends it.")
        assert place.tunlab("exec h1 -- ping -c 1 -W 5 192.0.2.9").returncode == 0
        terminal.expect("h1 echo | Read 84 bytes")
        terminal.type(CONTROL_C)
        assert terminal.end() == 130
        assert terminal.mode() == terminal.mode_at_first
    assert place.nothing_is_left()


def test_down_ends_the_foreground_too(place: Place) -> None:
    place.file.write_text(NODE % "")
    with place.terminal(f"up --foreground {place.file}") as terminal:
        terminal.expect("Ctrl-C")
        assert place.tunlab("down").returncode == 0
        assert terminal.end() == 143
    assert place.nothing_is_left()
