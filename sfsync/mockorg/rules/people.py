"""Names of persons: Name is put together from FirstName and LastName."""

from sfsync.mockorg.rules.base import Rule, Write


def _compose(write: Write) -> None:
    row = write.new
    name = " ".join(filter(None, (row.get("FirstName"), row.get("LastName"))))
    row["Name"] = name or None


RULES = (Rule(("Lead", "Contact", "User"), before=_compose),)
