"""Mails into conversations: once each, in any order, never into a stranger's."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from django.db import DataError

from inbox.contacts import contact_of
from inbox.email.duplicates import SHOWN_LIMIT
from inbox.email.inbound import Receipt, receive
from inbox.email.parsing import BadMail, parse
from inbox.models import Attachment, Contact, ContactAddress, Conversation, Message, Reference
from tenants.rls.context import TenantError, tenant_context
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
SHOP = "Acme support <support@shop.example>"
MIA = "Mia Chen <mia@example.com>"
SAM = "Sam Reed <sam@example.com>"


def mail(
    own_id: str,
    *,
    from_: str = MIA,
    to: str = SHOP,
    cc: str = "",
    reply_to: str = "",
    parents: tuple[str, ...] = (),
    minutes: int = 0,
    text: str = "hello",
    subject: str = "Where is it?",
) -> bytes:
    fields = [f"From: {from_}", f"To: {to}", f"Subject: {subject}", f"Message-ID: <{own_id}@mail.example>"]
    fields += [f"Date: {(START + timedelta(minutes=minutes)).strftime('%a, %d %b %Y %H:%M:%S +0000')}"]
    fields += [f"Cc: {cc}"] if cc else []
    fields += [f"Reply-To: {reply_to}"] if reply_to else []
    if parents:
        named = [f"<{parent}@mail.example>" for parent in parents]
        fields += [f"In-Reply-To: {named[-1]}", f"References: {' '.join(named)}"]
    return "\n".join([*fields, "", text, ""]).encode()


def take(cast: Cast, *raws: bytes) -> list[Receipt]:
    with tenant_context(cast.acme.pk):
        return [receive(mail=parse(raw), now=NOW) for raw in raws]


def threads(cast: Cast) -> list[set[str]]:
    """The conversations as sets of the mails' names."""
    with tenant_context(cast.acme.pk):
        return [
            {message.message_id.partition("@")[0] for message in conversation.messages.all()}
            for conversation in Conversation.objects.order_by("number")
        ]


def only_conversation(cast: Cast) -> Conversation:
    return Conversation.objects.select_related("contact").get()


def test_a_first_mail_opens_a_conversation_with_its_sender(cast: Cast) -> None:
    take(cast, mail("a", text="Where is order #1042?\nThank you"))
    with tenant_context(cast.acme.pk):
        conversation = only_conversation(cast)
        address = ContactAddress.objects.get()
        message = Message.objects.get()
        assert conversation.number == conversation.contact.number == 1
        assert conversation.contact.name == "Mia Chen"
        assert (address.contact_id, address.email_norm) == (conversation.contact_id, "mia@example.com")
        assert conversation.subject == "Where is it?"
        assert conversation.snippet == "Where is order #1042? Thank you"
        assert conversation.needs_reply
        assert conversation.last_message_at == conversation.created_at == message.sent_at == START
        assert message.kind == Message.Kind.RECEIVED
        assert message.to == [["Acme support", "support@shop.example"]]
        assert message.received_at == NOW


def test_an_answer_of_the_shop_joins_and_needs_no_reply(cast: Cast) -> None:
    take(
        cast,
        mail("a"),
        mail("b", from_=SHOP, to=MIA, parents=("a",), minutes=5, subject="Re: Where is it?", text="On its way"),
    )
    with tenant_context(cast.acme.pk):
        conversation = only_conversation(cast)
        assert [message.kind for message in conversation.messages.order_by("sent_at")] == ["received", "sent"]
        assert not conversation.needs_reply
        assert conversation.subject == "Where is it?"
        assert conversation.snippet == "On its way"
        assert Contact.objects.count() == 1


def test_the_shops_first_mail_opens_a_conversation_with_its_first_recipient(cast: Cast) -> None:
    take(cast, mail("a", from_="SUPPORT@Shop.Example", to=f"{SHOP}, {SAM}, {MIA}"))
    with tenant_context(cast.acme.pk):
        conversation = only_conversation(cast)
        assert conversation.contact.name == "Sam Reed"
        assert not conversation.needs_reply


def test_a_contact_form_is_mail_of_the_visitor(cast: Cast) -> None:
    take(cast, mail("a", from_=SHOP, to=SHOP, reply_to=SAM))
    with tenant_context(cast.acme.pk):
        assert only_conversation(cast).contact.name == "Sam Reed"
        assert Message.objects.get().kind == Message.Kind.RECEIVED


def test_the_shops_mail_to_nobody_is_refused_and_leaves_nothing(cast: Cast) -> None:
    with pytest.raises(BadMail, match="nobody"):
        take(cast, mail("a", from_=SHOP, to="undisclosed-recipients:;"))
    assert threads(cast) == []


def test_a_mail_that_was_there_before_changes_nothing(cast: Cast) -> None:
    first, second = take(cast, mail("a"), mail("a", text="with a list's foot under it"))
    assert first.is_new
    assert not second.is_new
    assert second.message == first.message
    assert threads(cast) == [{"a"}]


CHAIN = [
    mail("a"),
    mail("b", from_=SHOP, to=MIA, parents=("a",), minutes=1),
    mail("c", parents=("a", "b"), minutes=2),
    mail("d", from_=SHOP, to=MIA, parents=("c",), minutes=3, subject="Re: last"),
]


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_a_thread_is_one_conversation_in_any_order_of_arrival(cast: Cast, order: tuple[int, ...]) -> None:
    take(cast, *(CHAIN[place] for place in order))
    assert threads(cast) == [{"a", "b", "c", "d"}]
    with tenant_context(cast.acme.pk):
        conversation = only_conversation(cast)
        assert conversation.contact.name == "Mia Chen"
        assert conversation.subject == "Where is it?"
        assert conversation.created_at == START
        assert conversation.last_message_at == START + timedelta(minutes=3)
        assert not conversation.needs_reply
        assert Contact.objects.count() == 1


def test_a_mail_that_ties_two_conversations_makes_them_one(cast: Cast) -> None:
    take(cast, mail("x", minutes=10, parents=("lost",)), mail("a"))
    assert threads(cast) == [{"x"}, {"a"}]
    take(cast, mail("lost", from_=SHOP, to=MIA, parents=("a",), minutes=5))
    assert threads(cast) == [{"x", "a", "lost"}]
    with tenant_context(cast.acme.pk):
        assert only_conversation(cast).number == 1
        assert set(Reference.objects.values_list("message_id", flat=True)) == {"lost@mail.example", "a@mail.example"}


def test_two_answers_to_a_mail_we_never_saw_are_one_conversation(cast: Cast) -> None:
    take(cast, mail("b", parents=("unseen",)), mail("c", parents=("unseen",), minutes=1))
    assert threads(cast) == [{"b", "c"}]


def test_a_colleague_on_copy_joins_in_either_order(cast: Cast) -> None:
    raws = [mail("a", cc=SAM), mail("b", from_=SAM, to=f"{SHOP}, {MIA}", parents=("a",), minutes=1)]
    take(cast, *reversed(raws))
    assert threads(cast) == [{"a", "b"}]
    with tenant_context(cast.acme.pk):
        assert only_conversation(cast).contact.name == "Mia Chen"


def test_whoever_was_forwarded_a_mail_does_not_write_into_its_conversation(cast: Cast) -> None:
    take(
        cast,
        mail("a"),
        mail("b", from_=SHOP, to=MIA, parents=("a",), minutes=1),
        mail("f", from_=SAM, parents=("a", "b"), minutes=2),
    )
    assert threads(cast) == [{"a", "b"}, {"f"}]


@pytest.mark.parametrize("newsletter_first", [True, False])
def test_answers_to_a_newsletter_stay_apart(cast: Cast, newsletter_first: bool) -> None:
    news = [mail("news", from_=SHOP, to=SHOP)]
    answers = [mail(f"n{n}", from_=f"c{n}@example.com", parents=("news",), minutes=n) for n in (1, 2, 3)]
    take(cast, *(news + answers if newsletter_first else answers + news))
    assert sorted(map(sorted, threads(cast))) == [["n1"], ["n2"], ["n3"], ["news"]]


def test_a_second_address_of_the_same_contact_joins(cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        mia = contact_of(name="Mia", address="mia@example.com")
        ContactAddress.objects.create(contact=mia, email="Mia@work.example", email_norm="mia@work.example")
    take(
        cast,
        mail("a"),
        mail("b", from_=SHOP, to=MIA, parents=("a",)),
        mail("c", from_="MIA@WORK.example", parents=("b",)),
    )
    assert threads(cast) == [{"a", "b", "c"}]


def test_contacts_are_found_in_any_spelling_and_learn_their_name(cast: Cast) -> None:
    take(cast, mail("a", from_="mia@example.com"), mail("b", from_="Mia Chen <MIA@Example.COM>", minutes=1))
    with tenant_context(cast.acme.pk):
        assert Contact.objects.get().name == "Mia Chen"


def test_a_sender_whose_domain_is_none_is_refused(cast: Cast) -> None:
    with pytest.raises(BadMail, match="not valid"):
        take(cast, mail("a", from_="mia@-..example"))


def test_a_clock_that_runs_ahead_does_not_lead_the_list(cast: Cast) -> None:
    take(cast, mail("a", minutes=60 * 24 * 365 * 3))
    with tenant_context(cast.acme.pk):
        assert Message.objects.get().sent_at == NOW


def test_history_files_and_html_are_stored_apart(cast: Cast) -> None:
    raw = (
        b"From: mia@example.com\nTo: support@shop.example\nMIME-Version: 1.0\nContent-Type: multipart/related; boundary=b\n\n"
        b"--b\nContent-Type: text/html\n\n<p>The seam is torn, see here.</p><img src='cid:p1'><script>x</script>\n"
        b"--b\nContent-Type: image/png; name=seam.png\nContent-ID: <p1>\nContent-Transfer-Encoding: base64\n\niVBORw0KGgo=\n--b--\n"
    )
    take(cast, raw)
    with tenant_context(cast.acme.pk):
        message, file = Message.objects.get(), Attachment.objects.get()
        assert message.text == "The seam is torn, see here."
        assert message.html == '<p>The seam is torn, see here.</p><img data-cid="p1">'
        assert message.message_id.endswith("@no-message-id.invalid")
        assert (file.name, file.inline, bytes(file.content)) == ("seam.png", True, b"\x89PNG\r\n\x1a\n")


def test_quoted_history_is_kept_beside_the_new_text(cast: Cast) -> None:
    take(cast, mail("a", text="It came today, thanks.\n\nOn Mon, 2 Nov 2026 Acme wrote:\n> Has it come?"))
    with tenant_context(cast.acme.pk):
        message = Message.objects.get()
        assert message.text == "It came today, thanks."
        assert message.quoted == "On Mon, 2 Nov 2026 Acme wrote:\n> Has it come?"


def test_a_text_too_long_to_show_is_kept_whole_as_a_file(cast: Cast) -> None:
    take(cast, mail("a", text="word " * 60_000 + "end"))
    with tenant_context(cast.acme.pk):
        assert len(Message.objects.get().text) <= SHOWN_LIMIT
        assert bytes(Attachment.objects.get().content).rstrip().endswith(b"word end")


def test_the_workspace_next_door_has_its_own_mails(cast: Cast) -> None:
    take(cast, mail("a"))
    with tenant_context(cast.next_door.pk):
        assert receive(mail=parse(mail("a")), now=NOW).is_new
        assert Conversation.objects.get().number == 1


def test_without_a_workspace_nothing_is_received(cast: Cast) -> None:
    with pytest.raises(TenantError):
        receive(mail=parse(mail("a")), now=NOW)


def test_a_failure_while_writing_leaves_nothing(cast: Cast) -> None:
    broken = parse(mail("a"))
    object.__setattr__(broken, "subject", "x" * 600)
    with pytest.raises(DataError), tenant_context(cast.acme.pk):
        receive(mail=broken, now=NOW)
    assert threads(cast) == []
