"""What the server is told about a role's sessions, and keeps through PgBouncer too."""

import psycopg
import pytest
from django.db import connection

from tenants.rls.database import SETTINGS


@pytest.mark.django_db
@pytest.mark.parametrize("name", SETTINGS["versana_app"])
def test_every_session_of_the_application_has_its_limits(name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting(%s)", [name])
        assert cursor.fetchone() == (SETTINGS["versana_app"][name].replace("60s", "1min"),)


def test_a_migration_waits_less_for_a_table_than_a_page_behind_it_does(owner_url: str) -> None:
    with psycopg.connect(owner_url) as owner:
        assert owner.execute("SHOW lock_timeout").fetchone() == ("3s",)
    assert int(SETTINGS["versana_app"]["lock_timeout"].rstrip("s")) > 3
