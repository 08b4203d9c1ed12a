"""What the rows of a field history tell: when a field was last set, when it first had one of some values.

Salesforce Object Reference, "StandardObjectNameHistory" and "Custom Objects" (``X__History``). Rows are frames with
the columns ``parent``, ``field``, ``value`` (the new one, None when the field was cleared) and ``at`` (UTC). What a
record was created with has no row of its field, only one called ``created``.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


def history_frame(rows: Iterable[Mapping[str, Any]]) -> "pd.DataFrame":
    """Rows of a query for ParentId, Field, NewValue and CreatedDate, as a frame."""
    import pandas as pd

    names = {"ParentId": "parent", "Field": "field", "NewValue": "value", "CreatedDate": "at"}
    found = pd.DataFrame(list(rows), columns=list(names), dtype="object").rename(columns=names)
    found["at"] = moments(found["at"])
    return found


def moments(values: "pd.Series[Any]") -> "pd.Series[Any]":
    """Date-times as REST (``+0000``) and Bulk API (``Z``) write them; NaT where there is none."""
    import pandas as pd

    return pd.to_datetime(values, utc=True, format="ISO8601").astype("datetime64[ms, UTC]")


def last_set(rows: "pd.DataFrame", field: str) -> "pd.Series[Any]":
    """By parent, when the field was last given a value."""
    given = rows[(rows["field"] == field) & rows["value"].notna()]
    found: pd.Series[Any] = given.groupby("parent")["at"].max()
    return found


def first_value(
    rows: "pd.DataFrame", field: str, values: Iterable[str], since: "pd.Series[Any]"
) -> "pd.Series[Any]":
    """By parent, when the field first got one of the values, not counting what was before ``since`` of the parent."""
    fitting = rows[(rows["field"] == field) & rows["value"].isin(list(values))]
    late_enough = fitting["at"].array >= since.reindex(fitting["parent"]).array
    found: pd.Series[Any] = fitting[late_enough].groupby("parent")["at"].min()
    return found
