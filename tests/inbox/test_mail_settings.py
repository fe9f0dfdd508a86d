"""Settings -> Mail: as whom the workspace writes, and the mail that is on its way."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inbox import deliveries, identity, sent
from inbox.models import MailIdentity, Message, OutgoingMail
from tenants.access import Visit
from tenants.doors import workspaces_of
from tenants.models import AuditEvent, Membership, Tenant
from tenants.rls.context import tenant_context
from tests.conftest import Cast
from tests.factories import MAYA, team
from tests.inbox import mailing

PAGE, QUEUE = "/acme/settings/mail/", "/acme/settings/mail/queue/"
FORM = {
    "from_name": "Acme Goods",
    "from_email": mailing.SUPPORT,
    "reply_to": "",
    "signature": "{name}",
    "undo_seconds": "10",
}


@pytest.fixture
def cast(db: None) -> Cast:
    return team()


def browser(member: Membership) -> Client:
    client = Client()
    client.force_login(member.user)
    return client


def kept(cast: Cast) -> MailIdentity | None:
    with tenant_context(cast.acme.pk):
        return identity.current()


# --- As whom ---------------------------------------------------------------------------------------------------------
def test_before_it_is_set_up_the_page_says_so_and_proposes_something(cast: Cast) -> None:
    page = browser(cast.adam).get(PAGE).content.decode()
    assert "it is not set up as whom this workspace writes" in page
    assert 'value="Acme Goods"' in page
    assert kept(cast) is None


def test_without_an_address_to_write_from_the_page_sends_to_general(cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        Tenant.objects.update(support_addresses=[])
    page = browser(cast.adam).get(PAGE).content.decode()
    assert "this workspace has no support address to write from" in page
    assert browser(cast.adam).post(PAGE, FORM).status_code == 422
    assert kept(cast) is None


def test_an_administrator_sets_it_up_and_that_is_on_record(cast: Cast) -> None:
    assert browser(cast.adam).post(PAGE, FORM | {"reply_to": "Help@Müller.example"}).status_code == 302
    row = kept(cast)
    assert row
    assert (row.from_name, row.from_email, row.undo_seconds) == ("Acme Goods", mailing.SUPPORT, 10)
    assert row.reply_to == "help@xn--mller-kva.example"
    assert browser(cast.adam).post(PAGE, FORM | {"undo_seconds": "0"}).status_code == 302
    with tenant_context(cast.acme.pk):
        events = list(AuditEvent.objects.filter(action="mail.identity_changed").order_by("pk"))
        assert MailIdentity.objects.count() == 1
    assert [event.actor_name for event in events] == ["Adam", "Adam"]
    assert (events[1].before["undo_seconds"], events[1].after["undo_seconds"]) == (10, 0)


def test_what_changes_nothing_is_not_on_record(cast: Cast) -> None:
    for _ in range(2):
        browser(cast.adam).post(PAGE, FORM)
    with tenant_context(cast.acme.pk):
        assert AuditEvent.objects.filter(action="mail.identity_changed").count() == 1


def test_an_agent_sees_it_and_cannot_change_it(cast: Cast) -> None:
    page = browser(cast.ava).get(PAGE)
    assert "Only owners and administrators" in page.content.decode()
    assert browser(cast.ava).post(PAGE, FORM).status_code == 403
    assert kept(cast) is None


def test_mallory_finds_nothing(cast: Cast) -> None:
    assert [browser(cast.mallory).get(url).status_code for url in (PAGE, QUEUE)] == [404, 404]


@pytest.mark.parametrize(
    "bad",
    [
        {"from_email": "boss@elsewhere.example"},
        {"from_email": ""},
        {"reply_to": "nobody"},
        {"reply_to": "a@b.example\r\nBcc: c@d.example"},
        {"undo_seconds": "61"},
        {"undo_seconds": "-1"},
        {"undo_seconds": "ten"},
        {"from_name": "x" * 101},
        {"from_name": "a\x00b"},
        {"signature": "x" * 2001},
    ],
)
def test_what_cannot_be_is_refused_with_a_word(cast: Cast, bad: dict[str, str]) -> None:
    response = browser(cast.adam).post(PAGE, FORM | bad)
    assert response.status_code == 422
    assert "errorlist" in response.content.decode()
    assert kept(cast) is None


def test_a_name_is_one_line(cast: Cast) -> None:
    browser(cast.adam).post(PAGE, FORM | {"from_name": "Acme\r\nBcc: x@y.example"})
    row = kept(cast)
    assert row
    assert row.from_name == "Acme Bcc: x@y.example"


def test_the_domain_function_refuses_an_address_of_others(cast: Cast) -> None:
    with tenant_context(cast.acme.pk), pytest.raises(identity.NotOurs):
        mailing.set_up(cast.adam, from_email="boss@elsewhere.example")


# --- On its way ------------------------------------------------------------------------------------------------------
def waiting(cast: Cast, state: str, **fields: object) -> OutgoingMail:
    with tenant_context(cast.acme.pk):
        row = mailing.reply(state=state, writer=cast.ava)
        OutgoingMail.objects.filter(pk=row.pk).update(**fields)
    return row


def state_of(cast: Cast, row: OutgoingMail) -> str:
    with tenant_context(cast.acme.pk):
        return OutgoingMail.objects.get(pk=row.pk).state


def test_the_queue_shows_each_mail_where_it_belongs_and_why(cast: Cast) -> None:
    waiting(cast, "queued", attempts=2, error="put_off")
    waiting(cast, "failed", error="recipients_refused")
    waiting(cast, "unknown", error="no_answer", handed_over_at=timezone.now())
    arrived = waiting(cast, "sent", sent_at=timezone.now())
    waiting(cast, "sent", sent_at=timezone.now() - timezone.timedelta(days=2))
    with tenant_context(cast.acme.pk):
        deliveries.note(outgoing=arrived, recipient=MAYA, state="bounced", at=timezone.now())
    page = browser(cast.ava).get(QUEUE).content.decode()
    assert page.count('class="mail-line"') == 4
    assert "asked us to come again later. Tried 2 times." in page
    assert "accepted none of the receivers" in page
    assert "whether it was accepted is not known" in page
    assert "Bounced" in page
    assert (
        page.count("Try again</button>") == page.count("It was sent</button>") == page.count("Send again</button>") == 1
    )


def test_an_empty_queue_says_none_five_times(cast: Cast) -> None:
    page = browser(cast.ava).get(QUEUE).content.decode()
    assert page.count("<p>None.</p>") == 5
    assert "Nothing is sent yet" in page


def test_the_queue_takes_as_many_statements_for_forty_mails_as_for_one(cast: Cast) -> None:
    ava = browser(cast.ava)
    waiting(cast, "failed", error="put_off")
    ava.get(QUEUE)

    with CaptureQueriesContext(connection) as one:
        ava.get(QUEUE)
    for _ in range(39):
        waiting(cast, "failed", error="put_off")
    with CaptureQueriesContext(connection) as many:
        ava.get(QUEUE)
    assert len(many) == len(one)


@pytest.mark.parametrize(("what", "state"), [("sent", "sent"), ("again", "queued")])
def test_an_agent_settles_what_is_not_known(cast: Cast, what: str, state: str) -> None:
    row = waiting(cast, "unknown", handed_over_at=timezone.now())
    url = f"{QUEUE}{row.pk}/settle/"
    assert browser(cast.ava).post(url, {"what": what}).headers["Location"] == QUEUE
    assert state_of(cast, row) == state
    assert browser(cast.ava).post(url, {"what": what}).headers["Location"] == f"{QUEUE}?gone=1"
    assert "Somebody was faster" in browser(cast.ava).get(f"{QUEUE}?gone=1").content.decode()


@pytest.mark.parametrize("what", ["", "maybe"])
def test_neither_one_nor_the_other_changes_nothing(cast: Cast, what: str) -> None:
    row = waiting(cast, "unknown")
    assert browser(cast.ava).post(f"{QUEUE}{row.pk}/settle/", {"what": what}).status_code == 422
    assert state_of(cast, row) == "unknown"


def test_an_agent_has_a_failed_mail_tried_again(cast: Cast) -> None:
    row = waiting(cast, "failed", error="put_off", attempts=8)
    assert browser(cast.ava).post(f"{QUEUE}{row.pk}/retry/").status_code == 302
    assert state_of(cast, row) == "queued"


def test_mallory_settles_nothing_of_ours(cast: Cast) -> None:
    row = waiting(cast, "unknown")
    for slug in ("acme", "nextdoor"):
        url = f"/{slug}/settings/mail/queue/{row.pk}/settle/"
        assert browser(cast.mallory).post(url, {"what": "again"}).status_code == 404
    assert state_of(cast, row) == "unknown"


def test_each_word_that_is_kept_has_a_sentence() -> None:
    """In the source of whatever notes one."""

    files = ["inbox/email/smtp.py", "inbox/email/provider.py", "inbox/email/transport.py", "inbox/letters.py"]
    source = "".join((Path(settings.BASE_DIR) / name).read_text() for name in files)
    words = set(re.findall(r'(?:NotNow|Refused|Unsendable|_or_not_now)\("(\w+)"', source))
    assert len(words) > 8
    assert words - set(sent._WHY) == set()


def test_a_thread_asks_for_the_states_of_all_its_messages_at_once(
    cast: Cast, django_assert_num_queries: object
) -> None:
    rows = [waiting(cast, "sent", sent_at=timezone.now()) for _ in range(5)]
    with tenant_context(cast.acme.pk):
        visit = _visit(cast)
        with django_assert_num_queries(1):  # type: ignore[operator]
            messages = list(Message.objects.filter(outgoing__in=rows).annotate(**sent.wanted()))
            found = [sent.state_of_message(visit, message) for message in messages]
    assert [each.badge.word for each in found if each] == ["Sent"] * 5


def _visit(cast: Cast) -> Visit:

    own = workspaces_of(cast.ava.user_id)
    return Visit(own[0], own, cast.ava)
