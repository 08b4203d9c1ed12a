"""Owners: an active user of the right kind, or a queue made for the object."""

from sfsync.mockorg.problems import Refused
from sfsync.mockorg.rules.base import EVERY_OBJECT, Rule, Write

_GUESTS = {"CsnOnly", "CsnExternal"}
"""User types of Chatter-only users, who own nothing."""


def _may_own(write: Write) -> None:
    owner = write.new.get("OwnerId")
    if owner is None or "OwnerId" not in write.given or write.options.system:
        return
    store = write.world.store
    if owner.startswith("005"):
        user = store.row("User", owner)
        if user is not None and not user["IsActive"]:
            message = f"operation performed with inactive user [{owner[:15]}] as owner of {write.object.name.lower()}"
            raise Refused("INACTIVE_OWNER_OR_USER", message, fields=["OwnerId"])
        if user is not None and user["UserType"] in _GUESTS:
            raise Refused("OP_WITH_INVALID_USER_TYPE_EXCEPTION", "Operation not valid for this user type")
        return
    group = store.row("Group", owner)
    served = store.rows("QueueSobject", '"QueueId" = ? AND "SobjectType" = ?', (owner, write.object.name))
    if group is None or group["Type"] != "Queue" or not served:
        raise Refused("INVALID_OPERATION", "Queue not associated with this SObject type", fields=["OwnerId"])


RULES = (Rule(EVERY_OBJECT, before=_may_own),)
