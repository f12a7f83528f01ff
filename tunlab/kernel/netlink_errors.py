"""What the kernel refuses over netlink becomes a KernelError, as any OSError does."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from tunlab.kernel.errno_names import attempting


@contextmanager
def asking(attempt: str, remedies: dict[int, str] | None = None, **values: object) -> Iterator[None]:
    # pyroute2's NetlinkError carries the kernel's errno but is no OSError.
    from pyroute2.netlink.exceptions import NetlinkError

    with attempting(attempt, remedies, **values):
        try:
            yield
        except NetlinkError as error:
            raise OSError(error.code, os.strerror(error.code)) from error
