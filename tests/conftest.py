"""The test databases and the fixed cast: Olivia owns, Adam administers, Ava answers; Mallory works next door.

Tests run as the application's own role: a superuser would see through every wall. The launcher's superuser makes the
database, the owner migrates it (tests/template.py), and neither is known to the code under test.
"""

import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass

import hypothesis
import psycopg
import pytest
from django.conf import settings
from django.db import connections
from django.test import TransactionTestCase
from psycopg import sql
from pytest_django import Settings

from tenants import accounts, provisioning
from tenants.models import Membership, Tenant, User
from tenants.rls.context import tenant_context
from tenants.rls.database import Address, set_up, with_database
from tenants.roles import Role
from tests import template

pytest_plugins = ["tests.telling"]
# How long an example may take says something about the machine alone.
hypothesis.settings.register_profile("versana", deadline=None)
hypothesis.settings.load_profile("versana")
PASSWORD = "correct horse battery staple"


@pytest.fixture(scope="session")
def test_database_name() -> str:
    return f"{Address.parse(os.environ['DATABASE_URL']).database}_test_{os.getpid()}"


@pytest.fixture(scope="session")
def django_db_setup(test_database_name: str, django_db_blocker: pytest.FixtureRequest) -> Iterator[None]:
    """A new database, set up by the superuser, used by the application's role; the owner migrated what it is a copy of."""
    superuser_url = os.environ["SUPERUSER_DATABASE_URL"]
    template.copy(test_database_name)
    addresses = [
        Address.parse(os.environ[name]) for name in ("DATABASE_URL", "MIGRATION_DATABASE_URL", "PLATFORM_DATABASE_URL")
    ]
    set_up(superuser_url=superuser_url, database=test_database_name, passwords={a.role: a.password for a in addresses})
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        for alias in settings.DATABASES:
            connections[alias].close()
            connections[alias].settings_dict["NAME"] = settings.DATABASES[alias]["NAME"] = test_database_name
    yield
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        connections.close_all()
    with psycopg.connect(superuser_url, autocommit=True) as server:
        server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(test_database_name)))


@pytest.fixture(scope="session")
def owner_url(test_database_name: str, django_db_setup: None) -> str:
    """The schema owner's address of the test database, for tests that must step behind the application."""
    return with_database(os.environ["MIGRATION_DATABASE_URL"], test_database_name)


@pytest.fixture(scope="session")
def superuser_url(test_database_name: str, django_db_setup: None) -> str:
    """A superuser's address of the test database, to look at what no role of ours may see."""
    return with_database(os.environ["SUPERUSER_DATABASE_URL"], test_database_name)


@pytest.fixture(scope="session")
def session_url(test_database_name: str, django_db_setup: None) -> str:
    """The application's address past PgBouncer, for tests that are about one session of the server's."""
    direct = os.environ.get("UNPOOLED_DATABASE_URL") or os.environ["DATABASE_URL"]
    return with_database(direct, test_database_name)


KEPT = ("django_migrations", "django_content_type", "auth_permission", "auth_group", "auth_group_permissions")


@pytest.fixture(scope="session", autouse=True)
def _empty_tables_as_the_owner(request: pytest.FixtureRequest) -> Iterator[None]:
    """After a test with real commits: TRUNCATE, which the application's role may not, keeping what migrations wrote."""
    original = TransactionTestCase._fixture_teardown

    def empty(self: TransactionTestCase) -> None:
        with psycopg.connect(request.getfixturevalue("owner_url"), autocommit=True) as owner:
            names = [
                r[0]
                for r in owner.execute(
                    "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> ALL(%s)", [list(KEPT)]
                )
            ]
            owner.execute(
                sql.SQL("TRUNCATE {} RESTART IDENTITY CASCADE").format(sql.SQL(", ").join(map(sql.Identifier, names)))
            )

    TransactionTestCase._fixture_teardown = empty  # type: ignore[method-assign]
    yield
    TransactionTestCase._fixture_teardown = original  # type: ignore[method-assign]


_serial = itertools.count(1)


@pytest.fixture(autouse=True)
def _budgets_of_its_own(settings: Settings) -> None:
    """The first store of each test has the same id, and none takes over what another one's has used up or broken."""
    settings.REDIS_KEY_PREFIX = f"versana:test-{os.getpid()}-{next(_serial)}:"


@dataclass(frozen=True)
class Cast:
    """Acme with its three people, and the workspace next door with Mallory."""

    acme: Tenant
    olivia: Membership
    adam: Membership
    ava: Membership
    next_door: Tenant
    mallory: Membership


def _person(name: str, domain: str) -> User:
    return accounts.create(email=f"{name.lower()}@{domain}", password=PASSWORD, name=name)


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


def make_cast() -> Cast:
    acme = provisioning.open_workspace(
        slug="acme",
        name="Acme Goods",
        owner=_person("Olivia", "acme.example"),
        support_addresses=["support@shop.example"],
    )
    with tenant_context(acme.pk):
        olivia = Membership.objects.select_related("user").get()
        adam = provisioning.add_member(user=_person("Adam", "acme.example"), role=Role.ADMINISTRATOR, by=olivia)
        ava = provisioning.add_member(user=_person("Ava", "acme.example"), role=Role.AGENT, by=olivia)
    next_door = provisioning.open_workspace(
        slug="nextdoor", name="Next Door", owner=_person("Mallory", "nextdoor.example")
    )
    with tenant_context(next_door.pk):
        mallory = Membership.objects.select_related("user").get()
    return Cast(acme, olivia, adam, ava, next_door, mallory)
