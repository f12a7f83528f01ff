"""`tunlab up`: makes a topology and leaves it standing, in the background or until Ctrl-C."""

import os
import shlex
import signal
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import typer

from tunlab import paths
from tunlab.cli.errors import end_with_reader, tell, told
from tunlab.cli.sandboxed import as_topology
from tunlab.errors import Status, TunlabError
from tunlab.i18n import Words
from tunlab.kernel.errno_names import attempting
from tunlab.kernel.holder import Ended, FrontLine
from tunlab.labfile.topology.load import check_topology
from tunlab.model.topology import Topology
from tunlab.session import record
from tunlab.session.finding import nearest, running
from tunlab.ui.output import give_up
from tunlab.ui.printable import printable, printable_line
from tunlab.ui.up import hints


def bring_up(file: Path, foreground: bool, language: str) -> None:
    """Make the file's topology; exits with the status once it is up, or in the foreground when it has ended."""
    words = Words(language)
    with told(words):
        if paths.SANDBOX_RUN.is_dir():
            raise TunlabError("session_inside")
        topology, errors = check_topology(file)
        if topology is None:
            tell(words, errors[0])
            raise _more(file, errors) if len(errors) > 1 else typer.Exit(errors[0].status)
        with attempting(f"realpath {file}"):  # nothing leads to a folder that was removed
            folder = file.resolve().parent
        status = as_topology(
            topology.name, lambda front: _hold(front, topology, folder, foreground, words), [folder], not foreground
        )
        if status == Status.FINE:
            end_with_reader()
            _say(printable("\n".join(hints(topology, words, alone=len(nearest(running())) == 1))), topology.name)
        raise typer.Exit(status)


def _more(file: Path, errors: Sequence[TunlabError]) -> TunlabError:
    return TunlabError("up_more", Status.USAGE, count=len(errors) - 1, file=shlex.quote(str(file)))


def _say(text: str, name: str) -> None:
    """Raises TunlabError where that fails: whoever reads of it must not take it for a failure of `up`."""
    try:
        print(text, flush=True)
    except OSError as error:
        give_up()
        raise TunlabError("up_unsaid", name=name, problem=error.strerror) from error


def _hold(front: FrontLine, topology: Topology, folder: Path, foreground: bool, words: Words) -> int:
    """In the sandbox; returns the status with which it ends."""
    from tunlab.engine.output_file import OutputFile
    from tunlab.engine.standing import stand
    from tunlab.ui.output import HungUp, Output

    output = Output()
    kept = None if foreground else OutputFile(paths.OUTPUT)

    def heard(node: str, program: str, line: str) -> None:
        text = f"{node} {printable_line(program)} | {printable(line)}"
        if kept:
            kept.add(text)
        else:
            print(text, file=output, flush=True)

    def ready() -> None:
        if kept:
            with suppress(OSError):  # an umask can make it unreadable
                os.chdir(paths.WORK)
            front.let_go()
        else:
            print(printable("\n".join(hints(topology, words, alone=True, foreground=True))), file=output, flush=True)

    try:
        stand(topology, folder, front.check, heard, ready)
    except Ended as ended:
        record.remove(paths.sessions(os.geteuid()), topology.name)
        return 128 + ended.signum
    except TunlabError as error:
        tell(words, error)
        return error.status
    except (BrokenPipeError, HungUp):  # nobody reads any more
        return 128 + signal.SIGPIPE
