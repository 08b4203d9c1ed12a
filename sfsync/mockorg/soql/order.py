"""ORDER BY: picklists in the order of their values, text as people sort it. "SOQL and SOSL Reference", ORDER BY."""

from sfsync.mockorg.schema import TEXT_TYPES
from sfsync.mockorg.soql.scope import Value, sql_text


def sort_terms(value: Value, *, locale: bool) -> list[str]:
    """The SQL expressions that rows are sorted by for one item of ORDER BY."""
    if value.type == "picklist" and value.field is not None and value.field.choices:
        places = " ".join(
            f"WHEN {sql_text(each.value)} THEN {place}" for place, each in enumerate(value.field.choices)
        )
        last = len(value.field.choices)
        # Values that the list does not hold come after it, by name.
        return [
            f"CASE WHEN {value.sql} IS NULL THEN NULL ELSE CASE {value.sql} {places} ELSE {last} END END",
            value.sql,
        ]
    if value.type in TEXT_TYPES and locale:
        return [f"sortkey({value.sql})"]
    return [value.sql]
