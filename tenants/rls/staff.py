"""What the administration's process may ask about a member of staff: each answered by one SECURITY DEFINER function
(database.py), which knows staff and nobody else. The role itself reads no password and no second factor."""

from datetime import datetime
from typing import NamedTuple

from django.db import connection


class StaffAccount(NamedTuple):
    """In the order of the model's columns, as `from_db` takes them."""

    id: int
    password: str
    last_login: datetime | None
    email: str
    name: str


class StaffFactor(NamedTuple):
    kind: str
    data: str  # JSON, as allauth keeps it
    last_used_at: datetime | None


def account(user_id: int) -> StaffAccount | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, password, last_login, email, name FROM staff_account(%s)", [user_id])
        row = cursor.fetchone()
    return StaffAccount(*row) if row else None


def factors(user_id: int) -> list[StaffFactor]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT kind, data::text, last_used_at FROM staff_factors(%s)", [user_id])
        return [StaffFactor(*row) for row in cursor.fetchall()]


def spend_code(user_id: int, position: int) -> bool:
    """Use up the recovery code at `position`. False when somebody was first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT spend_staff_code(%s, %s)", [user_id, position])
        return bool(cursor.fetchone()[0])
