"""Platform administration: another process, another role. It is asked as such: in a process of its own."""

import os
import subprocess
import sys

import psycopg
import pytest
from django.conf import settings

from tenants.models import User
from tenants.rls.database import with_database
from tests.conftest import make_cast

SCRIPT = """
import django; django.setup()
from django.test import Client
client = Client(SERVER_NAME="localhost")
def get(path): return client.get(path, secure=False)
assert get("/admin/").status_code == 302
print("signed in", client.login(username="staff@platform.example", password="correct horse battery staple"))
for name in ("workspace", "connectedstore", "attempt", "outboxevent"):
    print(name, get(f"/admin/platform/{name}/").status_code, client.post(f"/admin/platform/{name}/add/").status_code)
print("acme" in get("/admin/platform/workspace/").content.decode())
print("person", get("/admin/tenants/user/").status_code)
"""


@pytest.fixture
def platform_url(test_database_name: str) -> str:
    return with_database(os.environ["PLATFORM_DATABASE_URL"], test_database_name)


@pytest.mark.django_db(transaction=True)
def test_staff_see_workspaces_stores_attempts_and_events_and_change_none(platform_url: str) -> None:
    make_cast()
    User.objects.create_user("staff@platform.example", "correct horse battery staple", is_staff=True)
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "versana.platform.settings",
        "PLATFORM_DATABASE_URL": platform_url,
    }
    environment.pop("DATABASE_URL")
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env={**environment, "DATABASE_URL": platform_url},
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.splitlines() == [
        "signed in True",
        *(f"{name} 200 403" for name in ("workspace", "connectedstore", "attempt", "outboxevent")),
        "True",
        "person 404",
    ], done.stderr[-2000:]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("shopify_store", "access_token"),
        ("shopify_store", "refresh_token"),
        ("shopify_ordercontext", "head"),
        ("shopify_connectionattempt", "state_hash"),
        ("inbox_message", "text"),
        ("inbox_contactaddress", "email"),
        ("inbox_attachment", "content"),
        ("outbox_queuedmail", "message"),
        ("outbox_event", "payload"),
    ],
)
def test_postgres_refuses_the_platform_role_what_staff_must_not_see(platform_url: str, table: str, column: str) -> None:
    with psycopg.connect(platform_url) as platform, pytest.raises(psycopg.errors.InsufficientPrivilege):
        platform.execute(f"SELECT {column} FROM {table}")
