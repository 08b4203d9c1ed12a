"""Every error has the exit code of the contract, and says where, what and what to do."""

import pytest

from sfsync import errors
from sfsync.errors import (
    BudgetSpent,
    ConfigError,
    FileRefused,
    GuardRefused,
    JournalError,
    LeaseHeld,
    LoginFailed,
    OrgError,
    OrgUnavailable,
    OutcomeUnknown,
    Problem,
    RequestLimit,
    SfsyncError,
    TransportFailed,
)

CODES = {
    ConfigError: 2,
    FileRefused: 2,
    LoginFailed: 3,
    OrgError: 4,
    OrgUnavailable: 4,
    OutcomeUnknown: 4,
    RequestLimit: 4,
    TransportFailed: 4,
    JournalError: 4,
    GuardRefused: 5,
    BudgetSpent: 5,
    LeaseHeld: 75,
}


@pytest.mark.parametrize(("kind", "code"), CODES.items())
def test_exit_codes(kind: type[SfsyncError], code: int) -> None:
    assert kind.exit_code == code


def test_every_error_of_the_tree_is_in_the_table_and_in_the_drawing() -> None:
    found = {
        kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, SfsyncError)
    }
    assert found == {*CODES, SfsyncError}
    for kind in CODES:
        line = next(line for line in str(errors.__doc__).splitlines() if f" {kind.__name__} " in line)
        assert f" {kind.exit_code} " in line


def test_a_message_and_what_to_do() -> None:
    assert str(SfsyncError("It broke.")) == "It broke."
    assert str(SfsyncError("It broke.", hint="Mend it.")) == "It broke. Mend it."


def test_mistakes_stand_one_a_line_with_their_place() -> None:
    problems = [Problem("a.yaml", 3, "Unknown key 'kee'.", "Did you mean key?"), Problem("a.yaml", 9, "No.")]
    error = ConfigError("a.yaml has 2 mistakes.", problems=problems, hint="Correct it.")
    assert str(error).splitlines() == [
        "a.yaml has 2 mistakes. Correct it.",
        "  a.yaml:3: Unknown key 'kee'. Did you mean key?",
        "  a.yaml:9: No.",
    ]


def test_what_errors_carry() -> None:
    refused = FileRefused("in.csv", "empty_file", "The file is empty.", hint="Ask for it again.")
    assert (refused.file, refused.kind) == ("in.csv", "empty_file")
    assert str(refused) == "in.csv: The file is empty. Ask for it again."
    org = OrgError("No.", code="MALFORMED_QUERY", status=400)
    assert (org.code, org.status) == ("MALFORMED_QUERY", 400)
    assert TransportFailed("Lost.", sent=None).sent is None
    assert TransportFailed("Refused.").sent is False
