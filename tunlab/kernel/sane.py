"""A terminal that a killed program left in a mode of its own, made usable again, as `stty sane` does."""

import os
import termios

from tunlab.kernel.terminal import SHOW_CURSOR

_IN = termios.BRKINT | termios.ICRNL | termios.IXON
_OUT = termios.OPOST | termios.ONLCR
_LOCAL = termios.ICANON | termios.ECHO | termios.ECHOE | termios.ECHOK | termios.ISIG | termios.IEXTEN


def make_sane(fd: int = 0) -> bool:
    """Whether the terminal on `fd` had neither line editing nor echo, or only one of them; now it has both.

    In the background, where the terminal is somebody else's, nothing is done.
    """
    try:
        if not os.isatty(fd) or os.tcgetpgrp(fd) != os.getpgrp():
            return False
        mode = termios.tcgetattr(fd)
    except (OSError, termios.error):
        return False
    wanted = termios.ICANON | termios.ECHO
    if mode[3] & wanted == wanted:
        return False
    mode[0] |= _IN
    mode[1] |= _OUT
    mode[3] |= _LOCAL
    mode[6][termios.VMIN], mode[6][termios.VTIME] = 1, 0
    termios.tcsetattr(fd, termios.TCSADRAIN, mode)
    os.write(fd, SHOW_CURSOR)
    return True
