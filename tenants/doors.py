"""Questions that come before a workspace is known, nearly all answered by one SECURITY DEFINER function that returns ids.
And one deed of no workspace, which no role of ours may do by itself.

Sign-in asks for a person's workspaces, Shopify's callback for the workspace of a shop, a command for that of a slug.
No policy has an OR for these: measured, that costs a factor of hundreds on every query.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import OperationalError, connection

from tenants.rls.context import patience
from tenants.rls.database import SEARCH_LIMIT as SEARCH_LIMIT

QUERY_CANCELED = "57014"


class SearchTooLong(Exception):
    """A search was ended because it took too long."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """A workspace as one of its members sees it from outside."""

    id: int
    slug: str
    name: str
    time_zone: str
    role: str
    membership_id: int
    requires_second_factor: bool = False
    erase_after: datetime | None = None  # set: the workspace is closed, and only owners still get in


@dataclass(frozen=True, slots=True)
class InvitationKey:
    """Where an invitation is, for somebody who holds its token and is in no workspace yet."""

    tenant_id: int
    invitation_id: int


def workspaces_of(user_id: int) -> tuple[Workspace, ...]:
    """The workspaces that a person belongs to, by name."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM workspaces_of(%s)", [user_id])
        return tuple(Workspace(*row) for row in cursor.fetchall())


def invitation_of(token_hash: str) -> InvitationKey | None:
    """The invitation whose token has this hash, open or not."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM invitation_of(%s)", [token_hash])
        row = cursor.fetchone()
    return InvitationKey(*row) if row else None


def tenant_of_shop(domain: str) -> int | None:
    """The workspace to which a shop is connected now, if any."""
    return _one("SELECT tenant_of_shop(%s)", domain)


def tenants_of_shop(domain: str) -> list[int]:
    """The workspaces that have, or once had, this shop: the one that has it now before the others, and at most fifty."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tenants_of_shop(%s)", [domain])
        return [int(row[0]) for row in cursor.fetchall()]


def tenant_of_slug(slug: str) -> int | None:
    """The workspace with this address, for commands."""
    return _one("SELECT tenant_of_slug(%s)", slug)


def tenant_ids() -> list[int]:
    """All workspaces, for periodic work that goes through them one by one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tenant_ids()")
        return [int(row[0]) for row in cursor.fetchall()]


def entries_with(
    *, words: str, since: datetime | None, before: tuple[datetime, int] | None, limit: int, milliseconds: int
) -> list[int]:
    """Ids of this workspace's entries of search (inbox/models/search.py) that match, newest first: at most `limit`, and never
    more than 200. `words`: a tsquery made by inbox/queries.py; `before`: behind this moment and id. The only door that is
    asked inside a workspace; whoever asks reads the rows behind the wall again. Raises SearchTooLong after `milliseconds`."""
    moment, key = before or (None, None)
    try:
        with patience(milliseconds=milliseconds), connection.cursor() as cursor:
            cursor.execute("SELECT search_entries(%s, %s, %s, %s, %s)", [words, since, moment, key, limit])
            return [int(row[0]) for row in cursor.fetchall()]
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") == QUERY_CANCELED:
            raise SearchTooLong from None
        raise


def forget_staff_actions() -> bool:
    """Delete what platform staff did longer ago than it is kept (tenants/rls/database.py). Whether there was any."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT forget_staff_actions()")
        return bool(cursor.fetchone()[0])


def next_tenant_id() -> int:
    """The id of a workspace to come: the wall accepts a workspace's row only in that workspace's own context."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('tenants_tenant', 'id'))")
        return int(cursor.fetchone()[0])


def _one(sql: str, argument: str) -> int | None:
    with connection.cursor() as cursor:
        cursor.execute(sql, [argument])
        value = cursor.fetchone()[0]
    return None if value is None else int(value)
