"""Every rule that a value can break: its stable name, whether it stops the row, and what people read.

A rule's number is what travels in columns (UInt8); 0 is not used, an empty cell of such a column means "fine".
Messages name what is wrong and what to do, never the value: values are often personal.
"""

from dataclasses import dataclass
from typing import Literal

from sfsync.languages.reason import Reason

Severity = Literal["error", "duplicate", "warn"]


@dataclass(frozen=True, slots=True)
class Rule:
    """``message`` says what is wrong, ``remedy`` what to do; both may hold {parameters} (``kinds.reason``)."""

    name: str
    message: str
    remedy: str = ""
    severity: Severity = "error"


RULES: tuple[Rule, ...] = (
    Rule("none", ""),
    # cells of a workbook that hold no value
    Rule("error_cell", "The cell holds an Excel error.", "Correct the formula, or send the value itself."),
    Rule(
        "formula_no_value", "The cell holds a formula without its result.", "Open and save the file in Excel."
    ),
    Rule("missing", "The value is missing."),
    # digits
    Rule(
        "numeric_cell",
        "The cell is a number, and Excel keeps only 15 digits of a number.",
        "Send it as text.",
    ),
    Rule("scientific", "Excel turned the digits into a number such as 1.23E+18.", "Send the column as text."),
    Rule("precision_lost", "Excel replaced the last digits by zeros.", "Send the column as text."),
    Rule("characters", "Something other than digits is in it."),
    Rule("length", "It must have exactly {count} characters."),
    Rule("decimals", "A decimal part of zeros was cut off.", severity="warn"),
    Rule("excel_text_guard", 'The ="…" around the value was taken off.', severity="warn"),
    Rule("leading_apostrophe", "The apostrophe before the value was taken off.", severity="warn"),
    # texts
    Rule("too_long", "It is too long: {count} characters at most."),
    Rule("too_short", "It is too short: {count} characters at least."),
    Rule("truncated", "It was cut at {count} characters.", severity="warn"),
    Rule("pattern", "It does not have the form that is expected."),
    Rule("one_of", "It must be one of: {choices}."),
    Rule("email", "It is not an e-mail address that can be written to."),
    Rule("phone", "It is not a phone number that can be called."),
    Rule("word_unknown", "The word is not known.", "Known are: {words}."),
    # numbers
    Rule("number", "It is not a number in the notation that the mapping declares (decimals by {decimal})."),
    Rule("integer", "It must be a whole number."),
    Rule("too_small", "It must be at least {limit}."),
    Rule("too_large", "It must be at most {limit}."),
    # dates and times
    Rule("date_unparsed", "It cannot be read as a date.", "Write it as {example}."),
    Rule("date_impossible", "There is no such day."),
    Rule(
        "date_order",
        "It is a date only in another order of day and month than the declared one ({order}).",
        "Write it as {example}.",
    ),
    Rule("time_without_date", "There is a time but no date."),
    Rule("time_impossible", "There is no such time of day."),
    Rule("time_nonexistent", "That hour does not exist: the clocks went forward ({zone})."),
    Rule(
        "time_ambiguous",
        "That hour happened twice, as the clocks went back; the first is taken.",
        severity="warn",
    ),
    Rule("time_without_zone", "The time has no zone, and the mapping declares none."),
    Rule(
        "number_stored_as_text",
        "A date's serial number was stored as text; it was read as a date.",
        severity="warn",
    ),
    # rows
    Rule("not_found", "No such record in the org: {lookup}."),
    Rule("duplicate_exact", "The same row stands in the file before: {rows}.", severity="duplicate"),
    Rule("duplicate_conflict", "The key stands again with other values: {rows}."),
    Rule("used_twice", "The same value stands in another row: {rows}."),
)

NUMBERS = {rule.name: number for number, rule in enumerate(RULES)}
"""The number of each rule by its name."""


def reason_of(rule: str, /, **parameters: str | int | Reason) -> Reason:
    """The reason of a broken rule, with what its message tells."""
    found = RULES[NUMBERS[rule]]
    return Reason(rule, found.message, found.remedy, **parameters)


def rows_reason(rule: str, rows: str) -> Reason:
    """The reason of a rule that names other rows: their numbers, such as ``3, 5, …``."""
    if "," in rows:
        return reason_of(rule, rows=Reason("rows", "rows {numbers}", numbers=rows))
    return reason_of(rule, rows=Reason("row", "row {numbers}", numbers=rows))
