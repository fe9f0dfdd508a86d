"""Owner, administrator, agent, and what each may do. Pure."""

from enum import StrEnum, auto

from django.db.models import TextChoices


class Role(TextChoices):
    OWNER = "owner", "Owner"
    ADMINISTRATOR = "administrator", "Administrator"
    AGENT = "agent", "Agent"


class Permission(StrEnum):
    READ_INBOX = auto()
    SEE_SETTINGS = auto()
    CHANGE_SETTINGS = auto()
    CONNECT_STORES = auto()


_ALLOWED: dict[Role, frozenset[Permission]] = {
    Role.AGENT: frozenset({Permission.READ_INBOX, Permission.SEE_SETTINGS}),
    Role.ADMINISTRATOR: frozenset({Permission.READ_INBOX, Permission.SEE_SETTINGS, Permission.CHANGE_SETTINGS}),
    # Only an owner connects or disconnects a store: the seed's promise to merchants.
    Role.OWNER: frozenset(Permission),
}


def may(role: str, permission: Permission) -> bool:
    """Whether a person in `role` may do it. An unknown role may nothing."""
    return role in Role.values and permission in _ALLOWED[Role(role)]
