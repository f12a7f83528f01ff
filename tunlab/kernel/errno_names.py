"""An OSError becomes a sentence: the errno's name, what was attempted, and a remedy where one is known."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from tunlab.errors import KernelError


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
    """The KernelError for `error`."""
    code = error.errno or 0
    return KernelError(name_of(code), attempt, (remedies or {}).get(code), **values)


def name_of(code: int) -> str:
    """`EPERM` for 1, and so on; the number itself where errno(3) has no name."""
    return errno.errorcode.get(code, str(code))
