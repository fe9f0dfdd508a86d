"""The functions of the database that know the installation's staff, and nobody else: this role can select none of it itself."""

import json
from typing import NamedTuple

from django.db import connection

from tenants.models import User


class Factor(NamedTuple):
    kind: str
    data: dict[str, object]


def account(user_id: int) -> User | None:
    """A member of staff, as far as this process may know them. None for anybody else."""
    with connection.cursor() as cursor:
        # In the order of the model's columns, as from_db takes them.
        cursor.execute("SELECT id, password, last_login, email, name FROM staff_account(%s)", [user_id])
        row = cursor.fetchone()
    return User.from_db("default", ["id", "password", "last_login", "email", "name"], row) if row else None


def factors(user_id: int) -> list[Factor]:
    """Empty for somebody who is not staff, whatever they have."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT kind, data::text FROM staff_factors(%s)", [user_id])
        return [Factor(kind, json.loads(data)) for kind, data in cursor.fetchall()]


def spend_step(user_id: int, step: int) -> bool:
    """Whether no one-time code of this half-minute, or of a later one, was used until now."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT spend_staff_step(%s, %s)", [user_id, step])
        return bool(cursor.fetchone()[0])


def spend_recovery_code(user_id: int, position: int) -> bool:
    """Whether the code at this place was unused until now."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT spend_staff_code(%s, %s)", [user_id, position])
        return bool(cursor.fetchone()[0])
