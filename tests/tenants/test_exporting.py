"""Exports: what is in the file, how it is made in stretches, who may fetch it, and what a killed worker leaves."""

import email
import email.policy
import io
import json
import random
import re
import time
import tracemalloc
import zipfile
from datetime import timedelta
from email.message import EmailMessage

import pytest
from django.db import OperationalError, connection
from django.http import HttpResponse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from inbox.exporting import eml
from inbox.models import Conversation, Message
from tenants import archive, closing, contents, exporting
from tenants.models import AuditEvent, Export, ExportPart, Membership, Tenant
from tenants.outbox import delivery
from tenants.outbox.models import Event
from tenants.rls import tables
from tenants.rls.context import tenant_context
from tests import factories
from tests.conftest import Cast
from tests.isolation.rows import populate, workspace
from tests.telling import Tell
from tests.walking import cast, signed_in, soup_of, text_of, work

__all__ = ["cast"]  # a fixture
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("cast"), pytest.mark.long]
DATA = "/acme/settings/data/"
EXPORTS = "/acme/settings/data/exports/"


def ask(member: Membership) -> Export:
    with tenant_context(member.tenant_id):
        return exporting.request(by=member)


def the_export(cast: Cast) -> Export:
    with tenant_context(cast.acme.pk):
        return Export.objects.get()


def fetched(response: HttpResponse) -> zipfile.ZipFile:
    assert response.status_code == 200
    content = b"".join(response.streaming_content)
    assert len(content) == int(response["Content-Length"])
    return zipfile.ZipFile(io.BytesIO(content))


def made(member: Membership, *, patience: int = 50) -> zipfile.ZipFile:
    """Ask, let the worker work, fetch."""
    number = ask(member).number
    for _ in range(patience):
        work()
        with tenant_context(member.tenant_id):
            slug, state = Tenant.objects.get().slug, Export.objects.get(number=number).state
        if state == Export.State.READY:
            break
    return fetched(signed_in(member).get(f"/{slug}/settings/data/exports/{number}/"))


def full(name: str) -> Membership:
    """The owner of a workspace with a row in every table."""
    tenant = workspace(name)
    populate(tenant)
    with tenant_context(tenant.pk):
        Export.objects.update(state=Export.State.READY)
        return Membership.objects.select_related("user", "tenant").get(user__email=f"owner@{tenant.slug}.example")


def rows_of(file: zipfile.ZipFile, table: str) -> list[dict[str, object]]:
    names = [name for name in file.namelist() if name == f"data/{table}.jsonl" or name.startswith(f"data/{table}.")]
    return [json.loads(line) for name in names for line in file.read(name).splitlines()]


def mails_of(file: zipfile.ZipFile) -> dict[str, EmailMessage]:
    return {
        name: email.message_from_bytes(file.read(name), policy=email.policy.default)  # type: ignore[misc]
        for name in file.namelist()
        if name.endswith(".eml")
    }


# --- What is in it --------------------------------------------------------------------------------------------------
def test_every_table_is_in_it_with_every_row_and_no_secret() -> None:
    owner = full("full")
    file = made(owner)
    assert file.testzip() is None
    assert "tenants_auditevent is the" in file.read("README.txt").decode()
    with tenant_context(owner.tenant_id):
        for model in tables.owned_models():
            rows = rows_of(file, model._meta.db_table)
            if model is ExportPart:
                assert rows == []
            else:
                # The file cannot know of what happened after it: it being fetched.
                later = model is AuditEvent
                assert len(rows) == model._default_manager.count() - later, model
    (store,) = rows_of(file, "shopify_store")
    assert "access_token" not in store
    assert "refresh_token" not in store
    (invitation,) = rows_of(file, "tenants_invitation")
    assert not [name for name in invitation if "hash" in name or "token" in name]
    everything = b"".join(file.read(name) for name in file.namelist())
    assert not re.search(rb"secret \d", everything)  # what populate() seals
    people = {row["user__email"] for row in rows_of(file, "tenants_membership")}
    assert owner.user.email in people
    assert [row["slug"] for row in rows_of(file, "tenants_tenant")] == [owner.tenant.slug]


def test_every_message_is_a_mail_that_says_what_was_stored(cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        thread = factories.conversation(texts=())
        first = factories.message(
            thread,
            text="Grüße aus Łódź 👋",
            quoted="> earlier",
            html="<p>Grüße</p>",
            from_name="Müller, Jörg",
            from_email="jörg@exämple.example",
            to=[["Support, EU", "support@shop.example"], ["", "b@example.com"]],
            cc=[["Ann", "ann@example.com"]],
            subject="Ünïcödé 注文",
            sent_at=timezone.now() - timedelta(days=1),
            in_reply_to="a@b",
            references=["x@y", "a@b"],
        )
        factories.attachment(first, name="фото.jpg", content=b"\xff\xd8 a photo")
        factories.attachment(first, name="mail.eml", content=b"From: x\n\nhi", content_type="message/rfc822")
        factories.message(thread, text="second")
    mails = mails_of(made(cast.olivia))
    assert list(mails) == [f"mail/{thread.number}/1.eml", f"mail/{thread.number}/2.eml"]
    mail = mails[f"mail/{thread.number}/1.eml"]
    assert mail["Subject"] == "Ünïcödé 注文"
    assert [(a.display_name, a.addr_spec) for a in mail["To"].addresses] == [
        ("Support, EU", "support@shop.example"),
        ("", "b@example.com"),
    ]
    assert mail["Message-ID"] == f"<{first.message_id}>"
    assert mail["References"].split() == ["<x@y>", "<a@b>"]
    assert mail["Date"].datetime == first.sent_at.replace(microsecond=0)
    assert mail.get_body(("plain",)).get_content() == "Grüße aus Łódź 👋\n\n> earlier\n"
    assert mail.get_body(("html",)).get_content().strip() == "<p>Grüße</p>"
    files = {part.get_filename(): part.get_payload(decode=True) for part in mail.iter_attachments()}
    assert files == {"фото.jpg": b"\xff\xd8 a photo", "mail.eml": b"From: x\n\nhi"}


LINES = st.text(st.characters(exclude_characters="\x00", exclude_categories=("Cs",)), max_size=60)


@given(LINES, LINES, LINES, LINES, LINES)
def test_whatever_is_stored_becomes_a_mail_that_can_be_read(
    name: str, address: str, subject: str, identity: str, text: str
) -> None:
    message = Message(
        tenant_id=1, from_name=name, from_email=address, to=[[name, address]], cc=[[name, ""]], subject=subject,
        sent_at=timezone.now(), message_id=identity, in_reply_to=identity, references=[identity, identity], text=text, html=text,
    )  # fmt: skip
    parsed = email.message_from_bytes(eml(message), policy=email.policy.compat32)
    assert {"From", "To", "Subject", "Date", "Message-ID"} <= set(parsed.keys())
    assert len(parsed.keys()) <= 11  # no header was smuggled in
    plain = next(part for part in parsed.walk() if part.get_content_type() == "text/plain")
    assert plain.get_payload(decode=True).decode().rstrip("\n") == text.rstrip("\n")


def test_two_workspaces_share_nothing() -> None:
    here, there = full("canary-here"), full("canary-there")
    for member in (here, there):
        word = member.tenant.slug
        with tenant_context(member.tenant_id):
            factories.conversation(subject=word, texts=(word,), email=f"{word}@example.com")
    ours, theirs = made(here), made(there)
    for file, other in ((ours, "canary-there"), (theirs, "canary-here")):
        everything = b"".join(file.read(name) for name in file.namelist()).decode()
        assert other not in everything
    ids = {(table, row["id"]) for table in tables.owned_tables() for row in rows_of(ours, table)}
    assert not ids & {(table, row["id"]) for table in tables.owned_tables() for row in rows_of(theirs, table)}


# --- Who may --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("who", ["adam", "ava"])
def test_only_owners_ask_see_and_fetch(cast: Cast, who: str) -> None:
    client = signed_in(getattr(cast, who))
    made(cast.olivia)
    number = the_export(cast).number
    for method, path in (
        ("get", EXPORTS),
        ("post", EXPORTS),
        ("get", f"{EXPORTS}{number}/"),
        ("post", f"{EXPORTS}{number}/delete/"),
    ):
        assert getattr(client, method)(path).status_code == 403, path


def test_the_neighbour_finds_no_export_of_ours(cast: Cast) -> None:
    made(cast.olivia)
    number = the_export(cast).number
    client = signed_in(cast.mallory)
    assert client.get(f"{EXPORTS}{number}/").status_code == 404
    assert client.get(f"/nextdoor/settings/data/exports/{number}/").status_code == 404
    assert client.post(f"/nextdoor/settings/data/exports/{number}/delete/").status_code == 404


def test_a_removed_owner_cannot_fetch(cast: Cast) -> None:
    made(cast.olivia)
    address = f"{EXPORTS}{the_export(cast).number}/"
    client = signed_in(cast.olivia)
    with tenant_context(cast.acme.pk):
        Membership.objects.filter(pk=cast.olivia.pk).update(removed_at=timezone.now())
    assert client.get(address).status_code == 404


def test_asking_fetching_and_deleting_are_on_record(cast: Cast) -> None:
    made(cast.olivia)
    signed_in(cast.olivia).post(f"{EXPORTS}{the_export(cast).number}/delete/")
    with tenant_context(cast.acme.pk):
        actions = AuditEvent.objects.filter(action__startswith="export.").order_by("pk")
        assert [(a.action, a.actor_name, a.target) for a in actions] == [
            ("export.requested", "Olivia", "export 1"),
            ("export.fetched", "Olivia", "export 1"),
            ("export.deleted", "Olivia", "export 1"),
        ]
        assert not ExportPart.objects.exists()


# --- The page -------------------------------------------------------------------------------------------------------
def test_the_page_says_how_far_it_is(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "STRETCH_SECONDS", 0)
    client = signed_in(cast.olivia)
    assert client.post(EXPORTS)["Location"] == DATA
    assert "Waiting" in text_of(client.get(DATA))
    work()
    polled = client.get(EXPORTS, HTTP_HX_REQUEST="true")
    assert "Being made" in text_of(polled)
    panel = soup_of(polled).select_one("#exports")
    assert panel["hx-get"] == EXPORTS
    assert not panel.select("button")
    assert "rows" in panel.select_one(".export-progress").get_text()
    for _ in range(80):  # a stretch for each table, and more
        work()
    panel = soup_of(client.get(EXPORTS, HTTP_HX_REQUEST="true")).select_one("#exports")
    assert not panel.has_attr("hx-get")
    assert panel.select_one("a[download]")["href"] == f"{EXPORTS}1/"
    assert client.get(EXPORTS)["Location"] == DATA


def test_one_at_a_time(cast: Cast) -> None:
    client = signed_in(cast.olivia)
    client.post(EXPORTS)
    assert "being made already" in text_of(client.post(EXPORTS, HTTP_HX_REQUEST="true"))
    assert the_export(cast).number == 1
    assert client.get(f"{EXPORTS}1/").status_code == 404
    assert client.post(f"{EXPORTS}1/delete/").status_code == 404


def test_no_more_than_three_finished_ones_are_kept_and_none_goes_unasked(cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        for number in range(exporting.MOST_KEPT):
            exporting.request(by=cast.olivia)
            Export.objects.filter(number=number + 1).update(
                state=Export.State.READY, expires_at=timezone.now() + timedelta(days=7)
            )
        with pytest.raises(exporting.TooManyKept):
            exporting.request(by=cast.olivia)
    client = signed_in(cast.olivia)
    refused = client.post(EXPORTS, HTTP_HX_REQUEST="true")
    assert "3 finished exports are kept at most. Delete one to make another." in text_of(refused)
    assert not soup_of(refused).select(f'form[action="{EXPORTS}"]')
    client.post(f"{EXPORTS}1/delete/")
    assert soup_of(client.get(DATA)).select(f'form[action="{EXPORTS}"]')
    client.post(EXPORTS)
    with tenant_context(cast.acme.pk):
        assert list(Export.objects.order_by("number").values_list("number", "state")) == [
            (2, "ready"), (3, "ready"), (4, "waiting"),
        ]  # fmt: skip
    assert "kept at most" not in text_of(client.get(DATA))  # nothing to decide while one is being made


@pytest.mark.parametrize("number", [0, 2, 99999999999999999999])
def test_a_number_of_no_export_is_not_found(cast: Cast, number: int) -> None:
    made(cast.olivia)
    assert signed_in(cast.olivia).get(f"{EXPORTS}{number}/").status_code == 404


def test_a_closed_workspace_can_still_be_taken_away(cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        closing.close(by=cast.olivia)
    assert "README.txt" in made(cast.olivia).namelist()


# --- Made in stretches ----------------------------------------------------------------------------------------------
def test_stretches_make_the_same_file_as_one_go(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contents, "ROWS_A_QUERY", 3)
    monkeypatch.setattr(contents, "ROWS_A_FILE", 6)
    monkeypatch.setattr(contents, "THINGS_A_STEP", 2)
    monkeypatch.setattr(archive, "PIECE", 1000)
    with tenant_context(cast.acme.pk):
        for number in range(7):
            factories.conversation(subject=f"s{number}", texts=("one", "two"), email=f"c{number}@example.com")
    whole = made(cast.olivia)
    signed_in(cast.olivia).post(f"{EXPORTS}1/delete/")
    monkeypatch.setattr(exporting, "STRETCH_SECONDS", 0)
    pieces = made(cast.olivia, patience=100)
    assert pieces.testzip() is None
    alike = [
        name for name in whole.namelist() if "audit" not in name and "export" not in name and "counter" not in name
    ]
    assert [name for name in pieces.namelist() if name in alike] == alike
    for name in alike[1:]:
        assert pieces.read(name) == whole.read(name), name
    assert "data/inbox_message.3.jsonl" in alike
    assert len(rows_of(pieces, "inbox_message")) == 14
    assert len(mails_of(pieces)) == 14


def test_a_worker_killed_in_the_middle_leaves_nothing_double(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces of steps that were committed, but not their stretch, are thrown away by whoever goes on."""
    monkeypatch.setattr(archive, "PIECE", 500)
    monkeypatch.setattr(contents, "THINGS_A_STEP", 2)
    with tenant_context(cast.acme.pk):
        for number in range(5):
            factories.conversation(subject=f"s{number}", email=f"c{number}@example.com")
    ask(cast.olivia)
    real, kills = archive.Stretch.finish, iter(range(3))

    def killed(self: archive.Stretch) -> tuple[int, int, int]:
        if next(kills, None) is not None:
            raise OperationalError
        return real(self)

    monkeypatch.setattr(archive.Stretch, "finish", killed)
    for _ in range(8):
        Event.objects.filter(done_at=None).update(held_until=None)
        work()
    export = the_export(cast)
    assert export.state == Export.State.READY
    file = fetched(signed_in(cast.olivia).get(f"{EXPORTS}1/"))
    assert file.testzip() is None
    assert len(set(file.namelist())) == len(file.namelist())
    assert len(mails_of(file)) == 5


def test_a_stretch_that_comes_twice_is_done_once(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "STRETCH_SECONDS", 0)
    ask(cast.olivia)
    for _ in range(60):
        for event in Event.objects.filter(done_at=None, kind__endswith="ExportContinues"):
            delivery.deliver(event.pk)
            Event.objects.filter(pk=event.pk).update(done_at=None, held_until=None)
            delivery.deliver(event.pk)
    file = fetched(signed_in(cast.olivia).get(f"{EXPORTS}1/"))
    assert file.testzip() is None
    assert len(set(file.namelist())) == len(file.namelist())


def test_a_fault_of_ours_is_said_and_the_next_one_works(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(contents, "_line", lambda row: 1 / 0)
        ask(cast.olivia)
        work()
    client = signed_in(cast.olivia)
    assert "Something went wrong" in text_of(client.get(DATA))
    with tenant_context(cast.acme.pk):
        assert not ExportPart.objects.exists()
    assert made(cast.olivia).testzip() is None
    assert the_export(cast).state == Export.State.READY  # the failed one made room


def test_two_who_press_at_once_get_one_export(cast: Cast) -> None:
    ask(cast.olivia)
    with tenant_context(cast.acme.pk), pytest.raises(exporting.AlreadyUnderWay):
        exporting.request(by=cast.olivia)


# --- Afterwards -----------------------------------------------------------------------------------------------------
def test_it_expires_and_is_deleted(cast: Cast) -> None:
    made(cast.olivia)
    with tenant_context(cast.acme.pk):
        Export.objects.update(expires_at=timezone.now())
    assert signed_in(cast.olivia).get(f"{EXPORTS}1/").status_code == 404
    with tenant_context(cast.acme.pk):
        exporting.tidy()
        assert not Export.objects.exists()
        assert not ExportPart.objects.exists()
        assert AuditEvent.objects.get(action="export.deleted").actor_name == "VersanaCX"


def test_one_that_no_worker_goes_on_with_is_given_up(cast: Cast) -> None:
    ask(cast.olivia)
    with tenant_context(cast.acme.pk):
        Export.objects.update(created_at=timezone.now() - timedelta(hours=1))
        exporting.tidy()
        assert Export.objects.get().state == Export.State.WAITING  # its event still waits for a worker
        Event.objects.filter(kind__endswith="ExportContinues").update(dead_at=timezone.now())
        exporting.tidy()
        assert Export.objects.get().state == Export.State.FAILED


def test_a_download_opens_its_own_context_and_keeps_none(cast: Cast) -> None:
    """Row 32 of the holes of row-level security: what streams runs after the request's transaction."""
    made(cast.olivia)
    response = signed_in(cast.olivia).get(f"{EXPORTS}1/")
    with connection.cursor() as cursor:
        for _piece in response.streaming_content:
            cursor.execute("SELECT current_setting('app.tenant_id', true)")
            assert cursor.fetchone()[0] in (None, "")


@pytest.mark.nightly
def test_30000_messages_in_bounded_memory(cast: Cast, tell: Tell) -> None:
    plenty(cast, conversations=10_000, each=3)
    peak, seconds, size = measured(cast)
    tell(f"export of 30,000 messages: {size / 1e6:.1f} MB in {seconds:.0f} s, {peak / 1e6:.1f} MB of memory at most")
    assert peak < 60_000_000


@pytest.mark.nightly
def test_memory_does_not_grow_with_the_export(cast: Cast, tell: Tell) -> None:
    plenty(cast, conversations=400, each=3)
    peak, seconds, size = measured(cast)
    tell(f"export of 1,200 messages: {size / 1e6:.1f} MB in {seconds:.0f} s, {peak / 1e6:.1f} MB of memory at most")
    assert peak < 30_000_000


def plenty(cast: Cast, *, conversations: int, each: int) -> None:
    words = random.Random(1)
    with tenant_context(cast.acme.pk):
        one = factories.contact(email="many@example.com")
        rows = [Conversation(number=n, contact=one, subject=f"s{n}") for n in range(1, conversations + 1)]
        now = timezone.now()
        for conversation in Conversation.objects.bulk_create(rows, batch_size=5000):
            given = {"conversation": conversation, "kind": "received", "from_email": "many@example.com", "sent_at": now}
            names = [f"{conversation.number}.{n}@example.com" for n in range(each)]
            Message.objects.bulk_create(
                Message(**given, message_id=name, text=words.randbytes(1000).hex()) for name in names
            )


def measured(cast: Cast) -> tuple[int, float, int]:
    """The worker's peak of memory, its seconds, and the size of the file."""
    ask(cast.olivia)
    begun = time.monotonic()
    tracemalloc.start()
    try:
        while the_export(cast).state != Export.State.READY:
            work()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    seconds = time.monotonic() - begun
    file = fetched(signed_in(cast.olivia).get(f"{EXPORTS}1/"))
    mails = [name for name in file.namelist() if name.endswith(".eml")]
    with tenant_context(cast.acme.pk):
        assert len(mails) == len(rows_of(file, "inbox_message")) == Message.objects.count()
        size = Export.objects.get().size
    for name in mails:
        assert not email.message_from_bytes(file.read(name), policy=email.policy.default).defects
    return peak, seconds, size


# --- The archive ----------------------------------------------------------------------------------------------------
@given(st.lists(st.lists(st.binary(max_size=3000), max_size=5), min_size=1, max_size=5))
def test_stretches_are_one_zip(stretches: list[list[bytes]]) -> None:
    kept: dict[int, bytes] = {}
    position = size = entries = 0
    for number, files in enumerate(stretches):
        stretch = archive.Stretch(size=size, position=position, keep=kept.__setitem__)
        for index, content in enumerate(files):
            stretch.archive.writestr(f"{number}/{index}", content)
        if not files:
            stretch.archive.writestr(f"{number}/empty", b"")
        position, size, more = stretch.finish()
        entries += more
    directory = sum(len(content) for at, content in kept.items() if at >= archive.DIRECTORY)
    kept[archive.END] = archive.end_record(entries=entries, directory=directory, size=size)
    file = zipfile.ZipFile(io.BytesIO(b"".join(kept[at] for at in sorted(kept))))
    assert file.testzip() is None
    for number, files in enumerate(stretches):
        assert [file.read(f"{number}/{index}") for index in range(len(files))] == files


def test_a_file_of_more_than_65535_entries_or_4_gigabytes_has_the_long_end() -> None:
    assert len(archive.end_record(entries=65_534, directory=1, size=1)) == 22
    assert len(archive.end_record(entries=65_535, directory=1, size=1)) == 98
    assert len(archive.end_record(entries=1, directory=1, size=2**32)) == 98


@pytest.mark.nightly
def test_70000_files_open_by_the_long_end() -> None:
    kept: dict[int, bytes] = {}
    stretch = archive.Stretch(size=0, position=0, keep=kept.__setitem__)
    for number in range(70_000):
        stretch.archive.writestr(zipfile.ZipInfo(str(number)), b"")
    _, size, entries = stretch.finish()
    kept[archive.END] = archive.end_record(entries=entries, directory=len(kept[archive.DIRECTORY]), size=size)
    file = zipfile.ZipFile(io.BytesIO(b"".join(kept[at] for at in sorted(kept))))
    assert len(file.namelist()) == 70_000
