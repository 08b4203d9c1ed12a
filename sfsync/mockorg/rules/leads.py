"""Leads: once converted they can only be read."""

from sfsync.mockorg.problems import Refused
from sfsync.mockorg.rules.base import Rule, Write


def _only_read(write: Write) -> None:
    if write.old is not None and write.old["IsConverted"] and not write.options.system:
        if write.world.quirks.edit_converted_leads:
            return
        raise Refused("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead")


RULES = (Rule(("Lead",), before=_only_read),)
