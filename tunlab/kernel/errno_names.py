"""An OSError becomes a sentence: the errno's name, what was attempted, and a remedy where one is known."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager

from tunlab.errors import KernelError

# Where one number has two names, the one that manual pages use.
_KNOWN_AS = {errno.EOPNOTSUPP: "EOPNOTSUPP", errno.EDEADLK: "EDEADLK"}


@contextmanager
def attempting(attempt: str, remedies: dict[int, str] | None = None, **values: object) -> Iterator[None]:
    """Raise KernelError for an OSError in the block.

    `attempt` is the command or call a person would recognise; `remedies` maps an errno to the key of the
    sentence that helps.
    """
    try:
        yield
    except OSError as error:
        raise refusal(error, attempt, remedies, **values) from error


def refusal(error: OSError, attempt: str, remedies: dict[int, str] | None = None, **values: object) -> KernelError:
    """The KernelError for `error`, with the kernel's own words where it has more than a number."""
    code = error.errno or 0
    said = error.strerror if error.strerror != os.strerror(code) else None
    return KernelError(name_of(error), attempt, (remedies or {}).get(code), said, **values)


def name_of(error: OSError) -> str:
    """`EPERM` for errno 1, and so on; the number itself where errno(3) has no name."""
    code = error.errno or 0
    return _KNOWN_AS.get(code) or errno.errorcode.get(code, str(error.errno))
