"""Random walks over all tables by three workspaces: whatever one does, the others' rows stay byte for byte as they were.

And the walks can fail: with one fault in the schema, of each kind, they find it.
"""

import itertools
import time

import pytest
from django.db import models
from django.utils import timezone
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.isolation.conftest import BEHIND
from tests.isolation.machine import Neighbourhood, Street
from tests.isolation.overseer import as_superuser, overseen, prepare_to_look
from tests.telling import Tell

pytestmark = pytest.mark.long

STEPS = 50  # of one walk, at most
# Without shrinking: that would take minutes, and the walk that failed is printed as it was.
WALK = {
    "suppress_health_check": list(HealthCheck),
    "deadline": None,
    "database": None,
    "phases": [Phase.generate],
    "report_multiple_bugs": False,
    "stateful_step_count": STEPS,
}


def walk(
    superuser_url: str, *faults: str, steps: int, first_seed: int = 0, built: list[Street] | None = None
) -> Street:
    """At least so many steps through three workspaces of this schema, with these faults in it."""
    with overseen(superuser_url):
        street = Street.build()
        if built is not None:
            built.append(street)
        as_superuser(*faults)
        prepare_to_look()
        for number in itertools.count(first_seed):
            # Hypothesis ends a walk where it likes: it is asked for more until the steps are there.
            machine = seed(number)(type("Walk", (Neighbourhood,), {"street": street}))
            wanted = max(1, min(100, (steps - street.steps.total()) // STEPS))
            run_state_machine_as_test(machine, settings=settings(max_examples=wanted, **WALK))
            if street.steps.total() >= steps:
                return street
    raise AssertionError


def report(street: Street, seconds: float) -> str:
    steps = street.steps.total()
    return (
        f"isolation: {steps:,} steps by {len(street.steps)} rules over {len(BEHIND)} tables, 0 violations, "
        f"{steps / seconds:,.0f} steps per second; {street.accepted.total():,} reached rows of the one who acted"
    )


def assert_not_hollow(street: Street) -> None:
    """Every rule was tried on every table, and often enough did something: a walk of refusals would prove little."""
    assert street.touched == {model._meta.db_table for model in BEHIND}
    assert [name for name, count in street.steps.items() if street.accepted[name] < count / 50] == []


@pytest.mark.django_db
def test_whatever_one_workspace_does_the_others_stay_as_they_were(superuser_url: str, tell: Tell) -> None:
    """The same steps each time."""
    started = time.monotonic()
    street = walk(superuser_url, steps=10_000)
    tell(report(street, time.monotonic() - started))
    assert_not_hollow(street)


@pytest.mark.nightly
@pytest.mark.django_db
def test_whatever_one_workspace_does_in_a_long_night(superuser_url: str, tell: Tell) -> None:
    """Other steps each night."""
    first = timezone.now().toordinal() * 10_000
    started = time.monotonic()
    street = walk(superuser_url, steps=150_000, first_seed=first)
    tell(f"{report(street, time.monotonic() - started)}; seeds from {first}")
    assert_not_hollow(street)


# --- The walks can fail --------------------------------------------------------------------------------------------
CONTACT_KEY = "ALTER TABLE inbox_contactaddress DROP CONSTRAINT inbox_contactaddress_contact"
SILENT = "tenant_id = nullif(current_setting('app.tenant_id', true), '')::bigint"
FAULTS = {
    "no wall around a table": ["ALTER TABLE inbox_message DISABLE ROW LEVEL SECURITY"],
    "no wall around the workspaces": ["ALTER TABLE tenants_tenant DISABLE ROW LEVEL SECURITY"],
    "a wall open to reading": [
        "DROP POLICY tenant_wall ON inbox_message",
        "CREATE POLICY open ON inbox_message FOR SELECT USING (true)",
    ],
    "a wall open to writing": [
        f"ALTER POLICY {name} ON inbox_reference WITH CHECK (true)" for name in ("tenant_wall", "tenant_isolation")
    ],
    "a wall that hides everything": ["CREATE POLICY nothing ON inbox_contact AS RESTRICTIVE USING (false)"],
    "a wall that is silent without a workspace": [
        f"ALTER POLICY {name} ON inbox_attachment USING ({SILENT}) WITH CHECK ({SILENT})"
        for name in ("tenant_wall", "tenant_isolation")
    ],
    "a reference without the workspace": [
        CONTACT_KEY,
        "ALTER TABLE inbox_contactaddress ADD FOREIGN KEY (contact_id) REFERENCES inbox_contact (id)",
    ],
    "no reference": [CONTACT_KEY],
    "a reference that deletes along": [
        CONTACT_KEY,
        "ALTER TABLE inbox_contactaddress ADD FOREIGN KEY (contact_id) REFERENCES inbox_contact (id) ON DELETE CASCADE",
    ],
    "a unique key of the whole installation": ["CREATE UNIQUE INDEX everywhere ON inbox_contactaddress (email_norm)"],
    "a trigger that writes next door": [
        "CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS "
        "'BEGIN UPDATE tenants_counter SET last = last + 1; RETURN NULL; END'",
        "CREATE TRIGGER meddling AFTER INSERT ON inbox_contact EXECUTE FUNCTION meddle()",
    ],
    "an application that steps over the wall": ["ALTER ROLE versana_app BYPASSRLS"],
}


MOST_STEPS = 10_000


def steps_to_find(superuser_url: str, *faults: str) -> int:
    """How many steps the walks took until one of them failed."""
    built: list[Street] = []
    with pytest.raises(AssertionError):
        walk(superuser_url, *faults, steps=MOST_STEPS, built=built)
    return built[0].steps.total()


# Those that take the walks the most steps.
LATE = {
    "a reference that deletes along",
    "a reference without the workspace",
    "a unique key of the whole installation",
    "a wall open to reading",
    "a wall open to writing",
    "a wall that is silent without a workspace",
    "no reference",
}


@pytest.mark.django_db
@pytest.mark.parametrize(
    "fault", [pytest.param(name, marks=[pytest.mark.nightly] if name in LATE else []) for name in FAULTS]
)
def test_the_walks_find(fault: str, superuser_url: str, tell: Tell) -> None:
    steps = steps_to_find(superuser_url, *FAULTS[fault])
    assert 0 < steps < MOST_STEPS
    tell(f"isolation: the walks find {fault} at step {steps:,}")


@pytest.mark.nightly
@pytest.mark.django_db
def test_the_walks_find_each_table_without_its_wall(model: type[models.Model], superuser_url: str, tell: Tell) -> None:
    table = model._meta.db_table
    steps = steps_to_find(superuser_url, f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    assert 0 < steps < MOST_STEPS
    tell(f"isolation: the walks find {table} without its wall at step {steps:,}")
