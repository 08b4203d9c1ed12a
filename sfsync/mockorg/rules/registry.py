"""All rules by the object they watch."""

from sfsync.mockorg.metadata_rules import RuleBook
from sfsync.mockorg.rules import (
    activities,
    assets,
    campaigns,
    contracts,
    duplicates,
    files,
    history,
    leads,
    line_items,
    metadata,
    opportunities,
    orders,
    owners,
    people,
    prices,
    service,
)
from sfsync.mockorg.rules.base import EVERY_OBJECT, Rule
from sfsync.mockorg.schema import ObjectDef

ALL: tuple[Rule, ...] = (
    *leads.RULES,
    *metadata.RULES,
    *people.RULES,
    *owners.RULES,
    *prices.RULES,
    *opportunities.RULES,
    *line_items.RULES,
    *orders.RULES,
    *assets.RULES,
    *service.RULES,
    *activities.RULES,
    *contracts.RULES,
    *campaigns.RULES,
    *files.RULES,
    *duplicates.RULES,
    *history.RULES,
)


def rules_for(thing: ObjectDef, book: RuleBook) -> tuple[Rule, ...]:
    """The rules that watch an object, in the order they run."""
    return tuple(
        rule
        for rule in ALL
        if (rule.objects == EVERY_OBJECT or thing.name in rule.objects)
        and (rule.wanted is None or rule.wanted(thing, book))
    )
