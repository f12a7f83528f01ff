"""`tunlab ps`, `exec`, `shell`, `down`: a second terminal's view of the labs that are running."""

import errno
import json
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

import typer
from rich.console import Console

from tunlab import paths
from tunlab.cli.choosing import choose, choose_session, sessions, unknown
from tunlab.cli.errors import end_with_reader, tell, told
from tunlab.cli.joining import answers, ask_in, run_in
from tunlab.cli.node_session import session_with
from tunlab.engine.environment import environment, environment_of, noted
from tunlab.engine.interactive import shell_words
from tunlab.errors import Status, TunlabError
from tunlab.i18n import Words
from tunlab.kernel.errno_names import attempting
from tunlab.kernel.joined import node_names, stay_with_caller
from tunlab.kernel.namespaces import open_named
from tunlab.kernel.process import become, settle_in
from tunlab.kernel.survey import from_data, survey
from tunlab.session import record
from tunlab.session.ending import end
from tunlab.session.finding import Found, named
from tunlab.session.others import everywhere
from tunlab.ui.printable import printable
from tunlab.ui.sessions import as_json, table

NOT_EXECUTABLE, NOT_FOUND = 126, 127  # as env(1) has them


def list_sessions(language: str, as_lines: bool) -> None:
    """Every running session with its nodes, devices and programs."""
    words = Words(language)
    end_with_reader()
    with told(words):
        told_of = answers(sessions(), lambda: asdict(survey()), words)
        seen = [(found, from_data(about)) for found, about in told_of]
        if as_lines:
            for found, about in seen:
                print(json.dumps(as_json(found, about)))
        elif seen:
            _print(table(seen, words))
        else:
            print(words("ps_none"))


def _print(what: object) -> None:
    console = Console(highlight=False)
    with console.capture() as captured:  # written by print: what goes wrong there is told as everywhere else
        console.print(what)
    print("\n".join(line.rstrip() for line in captured.get().rstrip().split("\n")))


def run_command(session: str | None, node: str, command: Sequence[str], language: str) -> None:
    """Run a command in a node, and exit with its status."""
    words = Words(language)
    with told(words):
        if not (command := [*command][command[:1] == ["--"] :]):
            raise TunlabError("exec_nothing", Status.USAGE, node=node)
        if command[0].startswith("-"):
            raise TunlabError("exec_option", Status.USAGE, option=command[0], node=node)
        found = session_with(words, session, node)
        status = run_in(found, _in_node(words, found, node, lambda variables: command), _on_terminal())
        raise typer.Exit(status)


def open_shell(session: str | None, node: str | None, language: str) -> None:
    """A shell in a node; exits with its status."""
    words = Words(language)
    with told(words):
        found = choose_session(words, session) if node is None else session_with(words, session, node)
        if node is None:
            names = ask_in(found, node_names)
            node = names[choose(words, "choose_node", names) if len(names) > 1 else 0]
        terminal, name = _on_terminal(), node

        def shell(variables: dict[str, str]) -> Sequence[str]:
            start_up = paths.joined_bashrc(os.getpid())
            with attempting("write the shell's start-up file"):
                started = shell_words(name, variables, start_up)
            return started if terminal else started[:1]  # it reads what is piped in

        raise typer.Exit(run_in(found, _in_node(words, found, node, shell), terminal))


def _on_terminal() -> bool:
    return os.isatty(0) and os.isatty(1)


def _in_node(
    words: Words, found: Found, node: str, command: Callable[[dict[str, str]], Sequence[str]]
) -> Callable[[], int]:
    """What runs in the sandbox: become a command there. It imports nothing: the files inside may be others."""
    uid = found.folder.uid
    variables = environment(node) if uid == os.geteuid() else environment_of(uid, node)
    variables["PYTHONSAFEPATH"] = "1"
    folders = _folders()

    def main() -> int:
        try:
            known = node_names()
            if node not in known:
                raise unknown("node", node, known)
            variables.update(noted(node))
            started = command(variables)
            with attempting(f"ip netns exec {node}"):
                settle_in(open_named(node))
            stay_with_caller()
            _go_to_first(folders)
            return _become(words, started, variables)
        except TunlabError as error:
            tell(words, error)
            return error.status

    return main


def _become(words: Words, command: Sequence[str], variables: Mapping[str, str]) -> int:
    """The status where it cannot be run."""
    try:
        become(command, variables)
    except OSError as error:
        missing = error.errno in (errno.ENOENT, errno.ENOTDIR)
        problem = "exec_not_found" if missing else "exec_not_executable"
        tell(words, TunlabError(problem, program=command[0], problem=os.strerror(error.errno or 0)))
        return NOT_FOUND if missing else NOT_EXECUTABLE


def _folders() -> list[Path]:
    """Where to begin: where the user is, unless that was removed; else where the lab's programs are."""
    with suppress(OSError):
        return [Path.cwd(), paths.WORK]
    return [paths.WORK]


def _go_to_first(folders: Sequence[Path]) -> None:
    """The first that is seen inside too, and may be entered."""
    for folder in folders:
        try:
            os.chdir(folder)
        except OSError:
            continue
        return


def end_session(name: str | None, language: str) -> None:
    """End a session as its own Ctrl-C would. Exits with 3 where it stays."""
    words = Words(language)
    with told(words):
        if name is not None and _was_swept(name):
            print(printable(words("down_dead", session=name)))
            return
        found = choose_session(words, name, anothers=False)
        found.folder.as_owner(lambda: end([found.session], found.folder.uid))
        found.folder.sweep()
        stays = found.session.alive()
        print(printable(words("clean_stays" if stays else "clean_ended", session=found.name())))
        raise typer.Exit(Status.ENVIRONMENT if stays else Status.FINE)


def _was_swept(name: str) -> bool:
    """Whether there was only the record of a dead one of that name; it is gone now."""
    if named(sessions(), name):
        return False
    for folder in everywhere():
        for session in record.sessions(folder.path):
            if Found(session, folder).name() == name and not session.alive():
                folder.sweep()
                return True
    return False
