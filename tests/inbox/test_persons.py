"""Whom the sections are asked about: everything that a conversation and its members say of its contact."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inbox.models import ContactAddress, Conversation
from inbox.persons import person_of
from tenants.models import User
from tenants.rls.context import tenant_context
from tests.conftest import Cast
from tests.factories import MAYA
from tests.inbox.saying import MAYA_THERE, ORDER, STORE, confirm, link, names, writes

pytestmark = pytest.mark.django_db


def test_a_person_is_all_that_is_known(cast: Cast) -> None:
    thread = writes(cast)
    names(cast, thread, "1041", "1042")
    names(cast, thread, "+46701234567", kind="phone")
    link(cast, thread, by=cast.ava)
    confirm(cast, thread, "Called us", by=cast.adam)
    with tenant_context(cast.acme.pk):
        ContactAddress.objects.create(contact=thread.contact, email="M@X.example", email_norm="m@x.example")
        person = person_of(number=thread.number)
    assert person.emails == (MAYA, "m@x.example")
    assert (person.orders, person.phones) == (("1042", "1041"), ("+46701234567",))
    assert (person.links[STORE].customer_id, person.links[STORE].by) == (MAYA_THERE, "Ava")
    assert person.links[STORE].at.tzinfo is not None
    confirmation = person.confirmed[STORE, ORDER]
    assert (confirmation.by, confirmation.reason) == ("Adam", "Called us")


def test_a_person_of_whom_nothing_is_known_is_empty_and_takes_one_query(cast: Cast) -> None:
    thread = writes(cast, email="")
    with tenant_context(cast.acme.pk), CaptureQueriesContext(connection) as queries:
        person = person_of(number=thread.number)
    assert len(queries) == 1
    assert (person.emails, person.orders, person.phones, dict(person.links), dict(person.confirmed)) == (
        (),
        (),
        (),
        {},
        {},
    )


def test_a_member_without_a_name_goes_by_their_address(cast: Cast) -> None:
    thread = writes(cast)
    link(cast, thread, by=cast.ava)
    User.objects.filter(pk=cast.ava.user_id).update(name="\u200b")
    with tenant_context(cast.acme.pk):
        assert person_of(number=thread.number).links[STORE].by == "ava"


def test_who_names_a_hundred_orders_is_asked_about_for_the_last_ten(cast: Cast) -> None:
    thread = writes(cast)
    names(cast, thread, *(str(n) for n in range(1000, 1100)))
    with tenant_context(cast.acme.pk):
        assert person_of(number=thread.number).orders == tuple(str(n) for n in range(1099, 1089, -1))


def test_nothing_is_known_of_a_conversation_next_door(cast: Cast) -> None:
    thread = writes(cast)
    with tenant_context(cast.acme.pk):
        assert person_of(number=thread.number).emails == (MAYA,)
    with tenant_context(cast.next_door.pk), pytest.raises(Conversation.DoesNotExist):
        person_of(number=thread.number)
