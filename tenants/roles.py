"""Owner, administrator, agent, and what each may do. Pure."""

from enum import StrEnum, auto

from django.db.models import TextChoices


class Role(TextChoices):
    OWNER = "owner", "Owner"
    ADMINISTRATOR = "administrator", "Administrator"
    AGENT = "agent", "Agent"


class Permission(StrEnum):
    READ_INBOX = auto()
    WORK_INBOX = auto()  # reply, correct a topic, link a customer, confirm an order
    SEE_REPORTS = auto()  # they compare colleagues
    SEE_SETTINGS = auto()
    CHANGE_SETTINGS = auto()
    SEE_STORE_HEALTH = auto()
    CONNECT_STORES = auto()  # and reconnect, check, disconnect; and enter an app of one's own
    SEE_MEMBERS = auto()
    MANAGE_MEMBERS = auto()  # invite, change roles, remove; never an owner's, unless one is an owner
    SEE_AUDIT = auto()
    SET_SECURITY = auto()  # the rule that everybody needs a second factor
    HAND_OVER = auto()
    EXPORT_DATA = auto()
    SEE_PRIVACY = auto()  # requests about people's data, and what is kept about people
    ANSWER_FOR_DATA = auto()  # hand a person's data over, erase a contact
    CLOSE_WORKSPACE = auto()


_AGENT = frozenset({Permission.READ_INBOX, Permission.WORK_INBOX, Permission.SEE_SETTINGS, Permission.SEE_MEMBERS})
_ALLOWED: dict[Role, frozenset[Permission]] = {
    Role.AGENT: _AGENT,
    Role.ADMINISTRATOR: _AGENT
    | {
        Permission.SEE_REPORTS,
        Permission.CHANGE_SETTINGS,
        Permission.MANAGE_MEMBERS,
        Permission.SEE_AUDIT,
        Permission.SEE_STORE_HEALTH,
        Permission.SEE_PRIVACY,
    },
    # Only an owner connects or disconnects a store: the seed's promise to merchants.
    Role.OWNER: frozenset(Permission),
}


def may(role: str, permission: Permission) -> bool:
    """Whether a person in `role` may do it. An unknown role may nothing."""
    return role in Role.values and permission in _ALLOWED[Role(role)]


def may_give(role: str, other: str) -> bool:
    """Whether somebody in `role`, who may manage members, may give `other` to a person or take it away."""
    return other in Role.values and (role == Role.OWNER or other != Role.OWNER)
