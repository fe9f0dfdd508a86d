"""That an order under another address is a contact's, by a member's word and reason."""

import pytest

from inbox import confirmations
from tenants.rls.context import tenant_context
from tests.conftest import Cast
from tests.inbox.saying import ORDER, STORE, confirm, confirmed, recorded, writes

pytestmark = pytest.mark.django_db
REASON = "Named the street and the postcode"


def test_a_confirmation_is_kept_with_its_reason_and_recorded_without_it(cast: Cast) -> None:
    confirm(cast, writes(cast), f"  {REASON}\n", by=cast.ava)
    assert confirmed(cast) == [(ORDER, REASON, "Ava")]
    (row,) = recorded(cast)
    assert (row.action, row.target) == ("contact.order_confirmed", "contact 1")
    assert row.detail == {"store": STORE, "order": ORDER}


def test_the_first_who_confirmed_is_who_confirmed(cast: Cast) -> None:
    thread = writes(cast)
    confirm(cast, thread, REASON, by=cast.ava)
    confirm(cast, thread, "Called us", by=cast.adam)
    assert confirmed(cast) == [(ORDER, REASON, "Ava")]
    assert len(recorded(cast)) == 1


def test_a_confirmation_is_withdrawn_once(cast: Cast) -> None:
    thread = writes(cast)
    confirm(cast, thread, REASON, by=cast.ava)
    with tenant_context(cast.acme.pk):
        for _ in range(2):
            confirmations.withdraw(conversation=thread, store_number=STORE, order_id=ORDER, by=cast.adam)
    assert confirmed(cast) == []
    actions = [row.action for row in recorded(cast)]
    assert actions == ["contact.order_confirmed", "contact.order_confirmation_withdrawn"]


def test_a_confirmation_is_of_one_contact_alone(cast: Cast) -> None:
    first, second = writes(cast), writes(cast, email="other@x.example")
    confirm(cast, first, REASON, by=cast.ava)
    with tenant_context(cast.acme.pk):
        confirmations.withdraw(conversation=second, store_number=STORE, order_id=ORDER, by=cast.adam)
    assert confirmed(cast) == [(ORDER, REASON, "Ava")]


@pytest.mark.parametrize(
    "reason",
    [
        "",
        "  \n ",
        "ab",
        "a\u200bbcd",
        "named\u202e the street",
        "name\x00d",
        "\u00ad\u00ad\u00ad",
        "\u2800\u2800\u2800",
        "x" * 501,
    ],
)
def test_a_reason_that_is_none_is_refused(cast: Cast, reason: str) -> None:
    with pytest.raises(confirmations.NotConfirmed) as why:
        confirm(cast, writes(cast), reason, by=cast.ava)
    assert len(str(why.value.sentence)) > 20
    assert confirmed(cast) == []


@pytest.mark.parametrize("reason", ["abc", "x" * 500, "نام خیابان را گفت", "رحلة\u200cها"])
def test_a_reason_in_any_writing_is_taken(cast: Cast, reason: str) -> None:
    confirm(cast, writes(cast), reason, by=cast.ava)
    assert confirmed(cast) == [(ORDER, reason, "Ava")]


@pytest.mark.parametrize("order", ["", "#1042", "0", "1" * 21, "٤"])
def test_what_is_no_order_s_number_is_refused(cast: Cast, order: str) -> None:
    with pytest.raises(confirmations.NotConfirmed):
        confirm(cast, writes(cast), REASON, order=order, by=cast.ava)
    assert confirmed(cast) == []
