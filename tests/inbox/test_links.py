"""Which customer a contact is, by a member's word: kept, replaced, taken back; and what two members do at once."""

import threading

import pytest
from django.db import connection

from inbox import links
from inbox.contacts import ErasedContact
from inbox.models import Conversation
from tenants.rls.context import tenant_context
from tests.conftest import Cast
from tests.factories import MAYA
from tests.inbox.saying import ANOTHER, MAYA_THERE, link, linked, recorded, unlink, writes

pytestmark = pytest.mark.django_db


def test_a_link_is_kept_with_its_member_and_recorded_without_the_contact_s_address(cast: Cast) -> None:
    link(cast, writes(cast), by=cast.ava)
    assert linked(cast) == [(MAYA_THERE, "Ava")]
    (row,) = recorded(cast)
    assert (row.action, row.target, row.after) == ("contact.customer_linked", "contact 1", {"customer": MAYA_THERE})
    assert MAYA not in str((row.target, row.before, row.after, row.detail))


def test_a_link_counts_for_every_conversation_of_the_contact(cast: Cast) -> None:
    first = writes(cast)
    second = writes(cast, of=first.contact)
    link(cast, first, by=cast.ava)
    unlink(cast, second, MAYA_THERE, by=cast.adam)
    assert linked(cast) == []


def test_somebody_who_saw_the_link_replaces_it(cast: Cast) -> None:
    thread = writes(cast)
    link(cast, thread, by=cast.ava)
    link(cast, thread, ANOTHER, seen=MAYA_THERE, by=cast.adam)
    assert linked(cast) == [(ANOTHER, "Adam")]
    assert recorded(cast)[1].before == {"customer": MAYA_THERE}


def test_somebody_who_did_not_see_the_link_is_told_whose_it_is(cast: Cast) -> None:
    thread = writes(cast)
    link(cast, thread, by=cast.ava)
    with pytest.raises(links.LinkedMeanwhile) as told:
        link(cast, thread, ANOTHER, by=cast.adam)
    assert (told.value.by, told.value.unlinked) == ("Ava", False)
    assert linked(cast) == [(MAYA_THERE, "Ava")]
    assert len(recorded(cast)) == 1


def test_a_link_that_was_taken_away_meanwhile_is_not_replaced(cast: Cast) -> None:
    thread = writes(cast)
    with pytest.raises(links.LinkedMeanwhile) as told:
        link(cast, thread, ANOTHER, seen=MAYA_THERE, by=cast.adam)
    assert told.value.unlinked
    assert linked(cast) == []


def test_the_same_said_twice_is_said_by_the_first(cast: Cast) -> None:
    thread = writes(cast)
    link(cast, thread, by=cast.ava)
    link(cast, thread, by=cast.adam)
    assert linked(cast) == [(MAYA_THERE, "Ava")]
    assert len(recorded(cast)) == 1


def test_only_the_link_that_was_seen_is_taken_away(cast: Cast) -> None:
    thread = writes(cast)
    link(cast, thread, by=cast.ava)
    with pytest.raises(links.LinkedMeanwhile):
        unlink(cast, thread, ANOTHER, by=cast.adam)
    unlink(cast, thread, MAYA_THERE, by=cast.adam)
    unlink(cast, thread, MAYA_THERE, by=cast.adam)
    assert linked(cast) == []
    assert [row.action for row in recorded(cast)] == ["contact.customer_linked", "contact.customer_unlinked"]


@pytest.mark.parametrize(
    "given", ["", "0", "-1", "7e3", "²³", "٣٤", " 7", "7 ", "7\n", "1" * 21, "gid://shopify/Customer/7"]
)
def test_what_is_no_customer_s_number_is_refused(cast: Cast, given: str) -> None:
    with pytest.raises(links.NoCustomer):
        link(cast, writes(cast), given, by=cast.ava)
    assert linked(cast) == []


def test_nothing_is_said_about_an_erased_contact(cast: Cast) -> None:
    thread = writes(cast)
    with tenant_context(cast.acme.pk):
        Conversation.objects.update(erased_at="2026-11-01T00:00:00Z")
    with pytest.raises(ErasedContact):
        link(cast, thread, by=cast.ava)
    assert linked(cast) == []


@pytest.mark.django_db(transaction=True)
def test_of_two_members_at_once_one_links_and_the_other_is_told(cast: Cast) -> None:
    """Whichever comes second: one link, one record, and one word on who was first."""
    thread, gate, told = writes(cast), threading.Barrier(2), []

    def choose(customer: str, member: str) -> None:
        try:
            gate.wait(10)
            link(cast, thread, customer, by=getattr(cast, member))
        except links.LinkedMeanwhile as other:
            told.append((member, other.by))
        finally:
            connection.close()

    pairs = [threading.Thread(target=choose, args=pair) for pair in ((MAYA_THERE, "ava"), (ANOTHER, "adam"))]
    for one in pairs:
        one.start()
    for one in pairs:
        one.join(30)
    ((_customer, first),) = linked(cast)
    assert told == [("adam" if first == "Ava" else "ava", first)]
    assert len(recorded(cast)) == 1
