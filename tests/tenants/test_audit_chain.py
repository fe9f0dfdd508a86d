"""The chain of the audit log: what seals it, and that every kind of damage is found and named.

The damage is done by the superuser with constraints out of the way: nobody of ours could.
"""

import hashlib
import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from tenants import audit, audit_chain, audit_links, tasks
from tenants.audit import Action
from tenants.models import AuditEvent, AuditSeal, Membership, Tenant
from tenants.rls.context import tenant_context
from tests.conftest import Cast
from tests.isolation.rows import workspace
from tests.telling import Tell
from tests.tenants import chains

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.long]
EVENTS = 300


@pytest.fixture
def owner(db: None) -> Membership:
    tenant = workspace("acme")
    with tenant_context(tenant.pk):
        membership: Membership = Membership.objects.select_related("user", "tenant").get()
    return membership


@pytest.fixture
def chain(owner: Membership) -> Membership:
    chains.sealed(owner, EVENTS)
    return owner


@pytest.fixture
def vandal(superuser_url: str) -> Iterator[psycopg.Connection]:
    """A superuser for whom no trigger fires and no foreign key counts."""
    with psycopg.connect(superuser_url, autocommit=True) as session:
        session.execute("SET session_replication_role = replica")
        yield session


def verified(*, head: str = "", slug: str | None = None) -> tuple[bool, str]:
    """Whether the command is content, and all that it said."""
    out = StringIO()
    arguments = {"head": head, "workspace": slug}
    try:
        call_command("verify_audit", stdout=out, stderr=out, **{k: v for k, v in arguments.items() if v})
    except CommandError:
        return False, out.getvalue()
    return True, out.getvalue()


def faults(owner: Membership) -> list[str]:
    with tenant_context(owner.tenant_id):
        found = list(audit_chain.verify().faults)
    assert verified()[0] is (not found)
    return found


def at(owner: Membership, position: int) -> AuditSeal:
    with tenant_context(owner.tenant_id):
        return AuditSeal.objects.select_related("event").get(position=position)


# --- Sealing --------------------------------------------------------------------------------------------------------
def test_every_event_gets_the_next_position_and_the_chain_is_whole(owner: Membership, tell: Tell) -> None:
    chains.sealed(owner, 1234)
    with tenant_context(owner.tenant_id):
        total = AuditEvent.objects.count()
        rows = list(AuditSeal.objects.order_by("position").values_list("position", "event_id"))
        assert audit_chain.unsealed().count() == 0
        assert audit_chain.head().length == total
        finding = audit_chain.verify()
    assert [position for position, _ in rows] == list(range(1, total + 1))
    assert [event for _, event in rows] == sorted(event for _, event in rows)
    assert finding.whole
    tell(f"audit: {finding.length} generated events sealed, chain whole, head {finding.head[:12]}…")


def test_sealing_again_does_nothing(chain: Membership) -> None:
    with tenant_context(chain.tenant_id):
        before = audit_chain.head()
        assert audit_chain.seal() == audit_chain.seal(everything=True) == 0
        assert audit_chain.head() == before


def test_an_event_that_commits_late_is_sealed_when_it_is_seen(owner: Membership, owner_url: str) -> None:
    """Its id is lower than that of events which are sealed already."""
    begun, may_commit = threading.Event(), threading.Event()

    def slow() -> None:
        with tenant_context(owner.tenant_id):
            audit.record(Action.MEMBER_ADDED, by=owner, target="slow")
            begun.set()
            may_commit.wait(10)
        connection.close()

    thread = threading.Thread(target=slow)
    thread.start()
    begun.wait(10)
    with tenant_context(owner.tenant_id):
        audit.record(Action.MEMBER_REMOVED, by=owner, target="quick")
    assert chains.seal(owner) == 2
    may_commit.set()
    thread.join()
    assert chains.seal(owner) == 1
    late, quick = at(owner, 3), at(owner, 2)
    assert (late.event.target, quick.event.target) == ("slow", "quick")
    assert late.event_id < quick.event_id
    assert faults(owner) == []


def test_two_who_seal_at_once_make_one_chain(owner: Membership) -> None:
    with tenant_context(owner.tenant_id):
        chains.events(owner, 2000)

    def work() -> None:
        for _ in range(20):
            chains.seal(owner)
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    while chains.seal(owner):
        pass
    with tenant_context(owner.tenant_id):
        assert audit_chain.head().length == AuditEvent.objects.count()
    assert faults(owner) == []


def test_while_one_seals_another_leaves_it_alone_and_nobody_waits(owner: Membership) -> None:
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with tenant_context(owner.tenant_id):
            audit_chain.seal()
            held.set()
            done.wait(10)
        connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(10)
    assert chains.seal(owner) == 0
    with tenant_context(owner.tenant_id):  # an insert shares the workspace's row, and must not wait for the sealer
        audit.record(Action.MEMBER_ADDED, by=owner, target="meanwhile")
    done.set()
    thread.join()
    assert chains.seal(owner) == 1


def test_killed_in_the_middle_it_goes_on_where_it_was(owner: Membership) -> None:
    with tenant_context(owner.tenant_id):
        chains.events(owner, 1200)
    assert chains.seal(owner) == audit_chain.BATCH

    def killed() -> None:
        with tenant_context(owner.tenant_id):
            audit_chain.seal()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        killed()
    with tenant_context(owner.tenant_id):
        assert audit_chain.head().length == audit_chain.BATCH
    tasks.seal_audit()
    with tenant_context(owner.tenant_id):
        assert audit_chain.head().length == AuditEvent.objects.count()
    assert faults(owner) == []


def test_the_task_seals_every_workspace_each_with_a_chain_of_its_own(cast: Cast) -> None:
    tasks.seal_audit()
    for tenant in (cast.acme, cast.next_door):
        with tenant_context(tenant.pk):
            assert list(AuditSeal.objects.filter(position=1).values_list("previous", flat=True)) == [
                audit_links.GENESIS
            ]
            assert audit_chain.unsealed().count() == 0
    worked, said = verified()
    assert worked
    assert "acme: 3 events, chain whole, head " in said
    assert "nextdoor: 1 events, chain whole, head " in said


def test_a_workspace_whose_time_is_over_is_left_to_its_erasure(cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        over = timezone.now() - timedelta(seconds=1)
        Tenant.objects.filter(pk=cast.acme.pk).update(closed_at=over - timedelta(days=30), erase_after=over)
    tasks.seal_audit()
    with tenant_context(cast.acme.pk):
        assert AuditEvent.objects.exists()
        assert not AuditSeal.objects.exists()
    with tenant_context(cast.next_door.pk):
        assert AuditSeal.objects.exists()


def test_a_workspace_that_fails_keeps_no_other_from_being_sealed(cast: Cast, vandal: psycopg.Connection) -> None:
    tasks.seal_audit()
    with tenant_context(cast.acme.pk):
        audit.record(Action.MEMBER_ADDED, by=cast.olivia, target="new")
    with tenant_context(cast.next_door.pk):
        audit.record(Action.MEMBER_ADDED, by=cast.mallory, target="new")
    vandal.execute(f"ALTER TABLE tenants_auditseal ADD CONSTRAINT broken CHECK (tenant_id <> {cast.acme.pk}) NOT VALID")
    try:
        tasks.seal_audit()
    finally:
        vandal.execute("ALTER TABLE tenants_auditseal DROP CONSTRAINT broken")
    with tenant_context(cast.acme.pk):
        assert audit_chain.unsealed().count() == 1
    with tenant_context(cast.next_door.pk):
        assert audit_chain.unsealed().count() == 0


def test_events_that_are_not_sealed_yet_are_counted_and_are_no_fault(chain: Membership) -> None:
    with tenant_context(chain.tenant_id):
        audit.record(Action.MEMBER_ADDED, by=chain, target="one")
        audit.record(Action.MEMBER_REMOVED, by=chain, target="two")
    worked, said = verified(slug=chain.tenant.slug)
    assert worked
    assert said.startswith(f"{chain.tenant.slug}: {EVENTS + 1} events, chain whole, head ")
    assert said.endswith("2 not yet sealed\n")


def test_an_old_event_that_the_minutes_pass_over_is_sealed_by_the_daily_pass(chain: Membership) -> None:
    with tenant_context(chain.tenant_id):
        event = audit.record(Action.MEMBER_ADDED, by=chain, target="one")
        AuditEvent.objects.bulk_create([AuditEvent(at=event.at - 3 * audit_chain.LOOKBACK, action="x", target="old")])
    assert chains.seal(chain) == 1
    tasks.seal_audit(everything=True)
    with tenant_context(chain.tenant_id):
        assert audit_chain.unsealed().count() == 0


def test_what_is_hashed_is_every_column() -> None:
    event = AuditEvent(tenant_id=1, at=timezone.now())
    assert set(audit_chain.values(event)) == {field.column for field in AuditEvent._meta.concrete_fields}


def test_the_form_of_a_link_never_changes() -> None:
    """A constant: whoever changes it breaks every chain there is, and every customer's own script."""
    event = {"id": 7, "at": "2026-11-26T12:00:00.000001Z", "target": "Ömer 🧾", "detail": {"b": 1, "a": None}}
    link = {"v": 1, "position": 1, "previous": "0" * 64, "sealed_at": "2026-11-26T12:01:00.000000Z", "event": event}
    text = (
        '{"event":{"at":"2026-11-26T12:00:00.000001Z","detail":{"a":null,"b":1},"id":7,"target":"\\u00d6mer \\ud83e\\uddfe"},'
        '"position":1,"previous":"' + "0" * 64 + '","sealed_at":"2026-11-26T12:01:00.000000Z","v":1}'
    )
    assert audit_links.canonical(link) == text
    hashed = audit_links.digest(position=1, previous="0" * 64, sealed_at=str(link["sealed_at"]), event=event)
    assert hashed == hashlib.sha256(text.encode()).hexdigest()
    assert hashed == "e7f1394d433713f90930ac59722356d43bb9887bb15f1b003c9f503edb4aacb1"


# --- Damage ---------------------------------------------------------------------------------------------------------
COLUMNS = {
    "at": "at + interval '1 microsecond'",
    "actor_id": "coalesce(actor_id, 0) + 1",
    "actor_name": "overlay(actor_name placing '~' from 2 for 1)",
    "actor_role": "'Owner'",
    "action": "overlay(action placing 'X' from 3 for 1)",
    "target": "overlay(target placing '~' from 1 for 1)",
    "detail": """jsonb_set(detail, '{number}', '"150"')""",
    "before": """'{"name": "Nobody"}'""",
    "after": "NULL",
    "client": "client || 'x'",
}


def test_the_damage_tries_every_column() -> None:
    columns = {field.column for field in AuditEvent._meta.concrete_fields}
    assert columns == COLUMNS.keys() | {"id", "tenant_id"}


@pytest.mark.parametrize("column", COLUMNS)
def test_one_changed_byte_in_a_column_is_found_and_its_event_named(
    column: str, chain: Membership, vandal: psycopg.Connection
) -> None:
    seal = at(chain, 151)
    vandal.execute(f"UPDATE tenants_auditevent SET {column} = {COLUMNS[column]} WHERE id = {seal.event_id}")
    found = faults(chain)
    assert len(found) == 1
    assert found[0].startswith(f"position 151: event {seal.event_id} (")
    assert found[0].endswith("or its seal was changed")


def test_every_bit_of_a_target_counts(chain: Membership, vandal: psycopg.Connection, tell: Tell) -> None:
    seal = at(chain, 200)
    text, tried = seal.event.target, 0
    for place in range(len(text)):
        for bit in range(7):
            other = chr(ord(text[place]) ^ (1 << bit))
            if other == "\x00" or 0xD800 <= ord(other) < 0xE000:
                continue
            link = audit_links.Link(200, seal.previous, seal.hash, audit_links.moment(seal.sealed_at), 1, None)
            changed = {**audit_chain.values(seal.event), "target": text[:place] + other + text[place + 1 :]}
            assert link.digest(event=changed) != seal.hash
            tried += 1
    tell(f"audit: {tried} flipped bits in a target, {tried} change the hash")


@pytest.mark.parametrize("column", ["id", "tenant_id"])
def test_an_event_with_another_id_or_workspace_is_missing(
    column: str, chain: Membership, vandal: psycopg.Connection
) -> None:
    seal = at(chain, 151)
    vandal.execute(f"UPDATE tenants_auditevent SET {column} = {column} + 1000000 WHERE id = {seal.event_id}")
    assert faults(chain) == [f"position 151: event {seal.event_id} is missing"]


@pytest.mark.parametrize(
    "change",
    [
        "previous = repeat('a', 64)",
        "hash = repeat('b', 64)",
        "sealed_at = sealed_at + interval '1 microsecond'",
        "event_id = event_id + 1",
    ],
    ids=lambda change: change.partition(" ")[0],
)
def test_a_changed_seal_is_found(change: str, chain: Membership, vandal: psycopg.Connection) -> None:
    vandal.execute("ALTER TABLE tenants_auditseal DROP CONSTRAINT tenants_auditseal_once")
    try:
        vandal.execute(f"UPDATE tenants_auditseal SET {change} WHERE position = 151")
        found = faults(chain)
    finally:
        vandal.execute("DELETE FROM tenants_auditseal")
        vandal.execute(
            "ALTER TABLE tenants_auditseal ADD CONSTRAINT tenants_auditseal_once UNIQUE (tenant_id, event_id)"
        )
    assert len(found) == 1
    assert found[0].startswith("position 151: event ")


def test_one_dropped_event_is_found(chain: Membership, vandal: psycopg.Connection) -> None:
    seal = at(chain, 77)
    vandal.execute(f"DELETE FROM tenants_auditevent WHERE id = {seal.event_id}")
    assert faults(chain) == [f"position 77: event {seal.event_id} is missing"]


def test_one_dropped_event_with_its_seal_is_found(chain: Membership, vandal: psycopg.Connection) -> None:
    seal = at(chain, 77)
    vandal.execute(f"DELETE FROM tenants_auditseal WHERE event_id = {seal.event_id}")
    vandal.execute(f"DELETE FROM tenants_auditevent WHERE id = {seal.event_id}")
    assert faults(chain) == ["position 77 is missing"]


def test_a_dropped_row_whose_gap_was_closed_is_found(chain: Membership, vandal: psycopg.Connection) -> None:
    vandal.execute("DELETE FROM tenants_auditseal WHERE position = 77")
    vandal.execute("UPDATE tenants_auditseal SET position = -position WHERE position > 77")
    vandal.execute("UPDATE tenants_auditseal SET position = -position - 1 WHERE position < 0")
    assert faults(chain) == [f"the row of position 77 was removed, and the {EVENTS + 1 - 77} after it were renumbered"]


def test_two_swapped_seals_are_found_and_both_named(chain: Membership, vandal: psycopg.Connection) -> None:
    one, other = at(chain, 37), at(chain, 241)
    for old, new in ((37, -1), (241, 37), (-1, 241)):
        vandal.execute(f"UPDATE tenants_auditseal SET position = {new} WHERE position = {old}")
    assert faults(chain) == [f"positions 37 and 241 are swapped (events {other.event_id} and {one.event_id})"]


def test_two_swapped_events_are_found_and_both_named(chain: Membership, vandal: psycopg.Connection) -> None:
    """Their ids change hands: each says what the other did."""
    one, other = at(chain, 37).event_id, at(chain, 38).event_id
    for old, new in ((one, -1), (other, one), (-1, other)):
        vandal.execute(f"UPDATE tenants_auditevent SET id = {new} WHERE id = {old}")
    assert faults(chain) == [f"positions 37 and 38 are swapped (events {one} and {other})"]


def test_two_changed_events_are_not_taken_for_a_swap(chain: Membership, vandal: psycopg.Connection) -> None:
    vandal.execute(
        f"UPDATE tenants_auditevent SET client = 'x' WHERE id IN ({at(chain, 5).event_id}, {at(chain, 9).event_id})"
    )
    assert [fault.partition(":")[0] for fault in faults(chain)] == ["position 5", "position 9"]


def test_an_inserted_row_is_found(chain: Membership, vandal: psycopg.Connection) -> None:
    """A forger who knows the form: the row hashes and continues the one before; those after it are moved on."""
    seal = at(chain, 100)
    vandal.execute("UPDATE tenants_auditseal SET position = -position WHERE position > 100")
    vandal.execute("UPDATE tenants_auditseal SET position = -position + 1 WHERE position < 0")
    with tenant_context(chain.tenant_id):
        event = audit.record(Action.MEMBER_ADDED, by=chain, target="forged")
        now = timezone.now()
        given = {"position": 101, "previous": seal.hash}
        hashed = audit_links.digest(**given, sealed_at=audit_links.moment(now), event=audit_chain.values(event))
        AuditSeal.objects.create(**given, event=event, hash=hashed, sealed_at=now)
    assert faults(chain) == [f"a row was inserted at position 101, and the {EVENTS + 1 - 100} after it were renumbered"]


def test_a_row_that_was_put_beside_another_is_found(chain: Membership, vandal: psycopg.Connection) -> None:
    vandal.execute("ALTER TABLE tenants_auditseal DROP CONSTRAINT tenants_auditseal_position")
    with tenant_context(chain.tenant_id):
        event = audit.record(Action.MEMBER_ADDED, by=chain, target="forged")
    try:
        vandal.execute(
            "INSERT INTO tenants_auditseal (tenant_id, position, event_id, previous, hash, sealed_at) "
            f"SELECT tenant_id, position, {event.pk}, previous, hash, sealed_at FROM tenants_auditseal WHERE position = 100"
        )
        found = faults(chain)
    finally:
        vandal.execute("DELETE FROM tenants_auditseal")
        vandal.execute(
            "ALTER TABLE tenants_auditseal ADD CONSTRAINT tenants_auditseal_position UNIQUE (tenant_id, position)"
        )
    assert found == [f"position 100 occurs twice: event {event.pk} was inserted"]


def test_a_chain_that_was_cut_off_is_found_by_a_head_noted_before(
    chain: Membership, vandal: psycopg.Connection
) -> None:
    slug = chain.tenant.slug
    with tenant_context(chain.tenant_id):
        head = audit_chain.head()
    assert verified(head=head.hash, slug=slug)[0]
    vandal.execute(f"DELETE FROM tenants_auditseal WHERE position > {head.length - 3}")
    vandal.execute(f"DELETE FROM tenants_auditevent WHERE id > {at(chain, head.length - 3).event_id}")
    assert verified(slug=slug)[0]  # nothing in the rows themselves tells
    worked, said = verified(head=head.hash, slug=slug)
    assert not worked
    assert (
        f"{slug}: the expected head {head.hash[:12]}… is not in the chain, which ends at position {head.length - 3}"
        in said
    )


def test_a_head_noted_before_is_found_in_a_chain_that_grew(chain: Membership) -> None:
    with tenant_context(chain.tenant_id):
        head = audit_chain.head()
        audit.record(Action.MEMBER_ADDED, by=chain, target="later")
    chains.seal(chain)
    assert verified(head=head.hash, slug=chain.tenant.slug)[0]


def test_a_history_written_anew_from_some_place_is_found_by_a_head_noted_before(
    chain: Membership, vandal: psycopg.Connection
) -> None:
    """A forger who computes all later hashes again leaves a whole chain, of another head."""
    with tenant_context(chain.tenant_id):
        head = audit_chain.head()
    vandal.execute(f"UPDATE tenants_auditevent SET target = 'nothing' WHERE id = {at(chain, 150).event_id}")
    vandal.execute("DELETE FROM tenants_auditseal WHERE position >= 150")
    while chains.seal(chain):
        pass
    assert verified(slug=chain.tenant.slug)[0]
    assert not verified(head=head.hash, slug=chain.tenant.slug)[0]


def test_damage_in_one_workspace_is_named_with_it_and_leaves_the_others_whole(
    cast: Cast, vandal: psycopg.Connection
) -> None:
    tasks.seal_audit()
    vandal.execute(f"UPDATE tenants_auditevent SET target = 'x' WHERE tenant_id = {cast.acme.pk}")
    worked, said = verified()
    assert not worked
    assert "acme: 3 events, chain BROKEN in 3 places" in said
    assert "nextdoor: 1 events, chain whole" in said
    assert verified(slug="nextdoor")[0]


# --- At the door ----------------------------------------------------------------------------------------------------
def test_a_workspace_that_does_not_exist_and_a_head_without_one_are_refused(cast: Cast) -> None:
    with pytest.raises(CommandError, match="There is no workspace"):
        call_command("verify_audit", workspace="nobody")
    with pytest.raises(CommandError, match="belongs to one chain"):
        call_command("verify_audit", head="0" * 64)


@pytest.mark.parametrize("statement", ["UPDATE tenants_auditseal SET position = 9", "DELETE FROM tenants_auditseal"])
def test_the_application_cannot_rewrite_a_seal(statement: str, chain: Membership) -> None:
    with (
        tenant_context(chain.tenant_id),
        pytest.raises(DatabaseError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_json_in_an_event_survives_the_way_through_the_database(owner: Membership) -> None:
    """Hashed is what the database gives back, so an export computes the same."""
    odd = {"float": 1e-7, "big": 2**70, "text": "\u2028\u0001", "nested": [[{"é": True}]], "": None}
    with tenant_context(owner.tenant_id):
        audit.record(Action.MEMBER_ADDED, by=owner, target="odd", after=odd)
        audit_chain.seal()
        stored = AuditEvent.objects.order_by("pk").last().after
    assert json.loads(json.dumps(odd)) == stored
    assert faults(owner) == []
