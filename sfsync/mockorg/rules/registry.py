"""All rules by the object they watch."""

from sfsync.mockorg.rules.base import Rule

ALL: tuple[Rule, ...] = ()


def rules_for(object_name: str) -> tuple[Rule, ...]:
    """The rules that watch an object, in the order they run."""
    return tuple(rule for rule in ALL if object_name in rule.objects)
