"""All rules by the object they watch."""

from sfsync.mockorg.rules import (
    assets,
    files,
    leads,
    line_items,
    opportunities,
    orders,
    owners,
    people,
    prices,
    service,
)
from sfsync.mockorg.rules.base import EVERY_OBJECT, Rule

ALL: tuple[Rule, ...] = (
    *leads.RULES,
    *people.RULES,
    *owners.RULES,
    *prices.RULES,
    *opportunities.RULES,
    *line_items.RULES,
    *orders.RULES,
    *assets.RULES,
    *service.RULES,
    *files.RULES,
)


def rules_for(object_name: str) -> tuple[Rule, ...]:
    """The rules that watch an object, in the order they run."""
    return tuple(rule for rule in ALL if rule.objects == EVERY_OBJECT or object_name in rule.objects)
