"""SIGUSR1 as a button: blocked and taken one by one, so that none is lost while the program is busy."""

import signal


def block() -> None:
    """Call it first of all: until then the signal ends the program."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})


def wait() -> None:
    """Until SIGUSR1 comes. Raises KeyboardInterrupt at SIGINT."""
    signal.sigwaitinfo({signal.SIGUSR1})
