"""Everything that can go wrong, named by what to do next.

    SfsyncError                 exit code
    ├── ConfigError             2   a command line, setting, mapping or project folder to correct
    ├── FileRefused             2   a partner's file that cannot be read as it is
    ├── LoginFailed             3   credentials or permissions to correct
    ├── OrgError                4   the org refused a whole request, or answered what nobody expected
    │   ├── OrgUnavailable      4   no answer, or a passing trouble that outlived the retries
    │   ├── OutcomeUnknown      4   a write was sent and no answer came: look before sending again
    │   └── RequestLimit        4   the org's daily or concurrent limit is used up
    ├── TransportFailed         4   a mail server, folder or partner's server did not take or give a file
    ├── JournalError            4   the journal cannot be written or read
    ├── GuardRefused            5   a plan is larger or stranger than the guards allow
    │   └── BudgetSpent         5   too few API calls are left for it: the same plan may go ahead later
    └── LeaseHeld              75   another run of the same flow is at work

A message is a sentence for the person at the keyboard: what was found, where, what was expected, what to do.
No message carries personal data.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


class SfsyncError(Exception):
    """The base of all errors that sfsync explains; anything else is a bug.

    ``hint`` says what to do next, as a sentence of its own.
    """

    exit_code = 4

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.run: dict[str, Any] | None = None
        """What the run did before it failed, as `--json` shows a run; None outside a run."""

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a file that an admin edits: where it is, what is wrong, what could be meant."""

    file: str
    line: int
    message: str
    suggestion: str = ""

    def __str__(self) -> str:
        hint = f" {self.suggestion}" if self.suggestion else ""
        return f"{self.file}:{self.line}: {self.message}{hint}"


class ConfigError(SfsyncError):
    """A command line, setting, mapping or project folder to correct; lists all its problems at once."""

    exit_code = 2

    def __init__(self, message: str, *, problems: Sequence[Problem] = (), hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.problems = tuple(problems)

    def __str__(self) -> str:
        return "\n".join([super().__str__(), *(f"  {problem}" for problem in self.problems)])


class FileRefused(SfsyncError):
    """A partner's file that cannot be read as it is. ``kind`` is a stable word such as ``empty_file``."""

    exit_code = 2

    def __init__(self, file: str, kind: str, message: str, *, hint: str = "") -> None:
        super().__init__(f"{file}: {message}", hint=hint)
        self.file = file
        self.kind = kind


class LoginFailed(SfsyncError):
    """Credentials or permissions that a person must correct. Never retried: retries lock users out."""

    exit_code = 3


class OrgError(SfsyncError):
    """The org refused a whole request. ``code`` is the org's own error code, such as ``MALFORMED_QUERY``."""

    def __init__(self, message: str, *, code: str = "", status: int = 0, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.code = code
        self.status = status


class OrgUnavailable(OrgError):
    """No answer, or a passing trouble that outlived the retries; nothing was written by the request."""


class OutcomeUnknown(OrgError):
    """A write was sent and no answer came. It may have been committed: look before sending it again."""


class RequestLimit(OrgError):
    """The org's request limit is used up."""


class TransportFailed(SfsyncError):
    """A mail server, folder or partner's server did not take or give a file.

    ``sent`` is False when it is certain that nothing went out, None when nobody can know.
    """

    def __init__(self, message: str, *, sent: bool | None = False, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.sent = sent


class JournalError(SfsyncError):
    """The journal cannot be written or read."""


class GuardRefused(SfsyncError):
    """A plan is larger or stranger than the guards allow; nothing was written."""

    exit_code = 5


class BudgetSpent(GuardRefused):
    """Too few API calls are left for a plan: the same plan may go ahead later."""


class LeaseHeld(SfsyncError):
    """Another run of the same flow is at work."""

    exit_code = 75
