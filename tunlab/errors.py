"""What can go wrong, in one sentence each; the words are in messages/, the exit status is here.

TunlabError           anything that ends a command with a sentence and a status
├── LabFileError      a lab's files: where (file, line) and what to do
└── KernelError       the kernel refused: errno's name, what was attempted, a remedy
"""

from enum import IntEnum


class Status(IntEnum):
    """Exit statuses that users and scripts rely on; 128+N is added to them for an end by signal N."""

    FINE = 0
    CHECK_FAILED = 1
    USAGE = 2
    ENVIRONMENT = 3


class TunlabError(Exception):
    """`key` names the sentence in messages/; `values` fill its gaps."""

    def __init__(self, key: str, status: Status = Status.ENVIRONMENT, **values: object) -> None:
        super().__init__(f"{key} {values}")
        self.key = key
        self.status = status
        self.values = values


class LabFileError(TunlabError):
    """A lab's file is wrong at `file`, `line` (None where no line is to blame)."""

    def __init__(self, key: str, file: str, line: int | None, **values: object) -> None:
        super().__init__(key, Status.USAGE, **values)
        self.file = file
        self.line = line


class KernelError(TunlabError):
    """The kernel refused `attempt` with `errno_name`; `remedy` names a sentence in messages/, or is None.

    `said` are the kernel's own words on it, if any.
    """

    def __init__(
        self, errno_name: str, attempt: str, remedy: str | None = None, said: str | None = None, **values: object
    ) -> None:
        problem = f"{errno_name} ({said.rstrip('.')})" if said else errno_name
        super().__init__("kernel_refused", Status.ENVIRONMENT, errno=problem, attempt=attempt, **values)
        self.errno_name = errno_name
        self.attempt = attempt
        self.remedy = remedy
