"""Whether the process at a tun's far end reads: what waits in its queue, and whether it is stopped."""

import os
import select
from contextlib import suppress
from pathlib import Path

from tunlab.kernel.procfs import TunHolder
from tunlab.kernel.syscalls import pidfd_getfd


def has_unread(holder: TunHolder) -> bool | None:
    """Whether packets wait that it has not read; None where the kernel does not let us ask (pidfd_getfd(2))."""
    opened: list[int] = []
    try:
        opened.append(os.pidfd_open(holder.pid))
        opened.append(pidfd_getfd(opened[0], holder.fd))
        poll = select.poll()
        poll.register(opened[1], select.POLLIN)
        return any(event & select.POLLIN for _, event in poll.poll(0))
    except OSError:
        return None
    finally:
        for each in opened:
            os.close(each)


def is_stopped(pid: int) -> bool:
    """Whether a signal has stopped it (`T` in proc_pid_stat(5))."""
    with suppress(OSError):
        return Path("/proc", str(pid), "stat").read_text().rpartition(")")[2].split()[0] in "Tt"
    return False
