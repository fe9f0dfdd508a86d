"""Which servers a command uses, and what its processes are told."""

from urllib.parse import urlsplit

import pytest

from versana.devservices import credentials, environment
from versana.devservices.places import Trouble

SUPERUSER = "postgres://boss:p%40ss@db.example:6543/postgres?sslmode=require"


def test_role_addresses_come_from_the_superusers() -> None:
    found = environment.addresses(SUPERUSER, caller={})
    assert found["SUPERUSER_DATABASE_URL"] == SUPERUSER
    application = urlsplit(found["DATABASE_URL"])
    assert (application.username, application.hostname, application.port) == ("versana_app", "db.example", 6543)
    assert (application.path, application.query) == ("/versana", "sslmode=require")
    assert {urlsplit(found[name]).username for name in credentials.ROLES} == set(credentials.ROLES.values())
    assert "p%40ss" not in found["DATABASE_URL"]


def test_addresses_that_are_given_beside_a_superusers_stand() -> None:
    given = {"SUPERUSER_DATABASE_URL": SUPERUSER, "DATABASE_URL": "postgres://versana_app:mine@db.example/other"}
    found = environment.addresses(environment.real_superuser(given), caller=given)
    assert found["DATABASE_URL"] == "postgres://versana_app:mine@db.example/other"
    assert urlsplit(found["MIGRATION_DATABASE_URL"]).username == "versana_owner"


def test_database_url_alone_is_taken_for_a_superusers() -> None:
    assert environment.real_superuser({"DATABASE_URL": SUPERUSER}) == SUPERUSER
    assert environment.real_superuser({}) == ""


def test_an_ipv6_server_keeps_its_brackets_and_an_address_without_host_is_refused() -> None:
    assert "@[::1]:5432/versana" in environment.as_role("postgres://boss@[::1]/postgres", "versana_app")
    with pytest.raises(Trouble, match="must name a host"):
        environment.as_role("postgres:///versana", "versana_app")


def test_a_caller_may_change_settings_but_not_the_kind_of_installation() -> None:
    keys = credentials.fresh()
    caller = {"DEBUG": "1", "ENVIRONMENT": "production", "DATABASE_URL": "postgres://theirs"}
    env = environment.for_product(servers={"DATABASE_URL": "postgres://ours"}, keys=keys, kind="test", caller=caller)
    assert (env["DEBUG"], env["ENVIRONMENT"], env["DATABASE_URL"]) == ("1", "test", "postgres://ours")
    assert env["SEALING_KEYS"] == keys["SEALING_KEYS"]
    assert "POSTGRES_PASSWORD" not in env
