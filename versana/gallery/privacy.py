"""Example pages of Settings -> Privacy: nothing asked, requests in each state, a day that is near, erasing a contact."""

from dataclasses import replace
from datetime import timedelta

from django.utils import timezone

from integrations.shopify.pages.privacy import ErasePage, KeptPage, PrivacyPage, RequestCard, groups
from versana.gallery.settings import nav
from versana.gallery.stores import ago

_HERE = "/_gallery/privacy/"
_SHOP = "harbor-goods.myshopify.com"


def request(number: int, title: str, state: str, *, days_ago: int = 2, **changes: object) -> RequestCard:
    received = ago(days=days_ago)
    given = RequestCard(
        number=number,
        title=title,
        store=_SHOP,
        state=state,
        received_at=received,
        due_at=received + timedelta(days=30),
        done_at=None,
        days_left=f"{29 - days_ago} days left",
        urgency="",
        size=0,
        file_until=None,
        counted="",
        customer="7100000000017",
    )
    return replace(given, **changes)  # type: ignore[arg-type]


def asks(number: int, state: str = "ready", **changes: object) -> RequestCard:
    file = {"size": 48_213, "file_until": timezone.now() + timedelta(days=27), "file_url": _HERE, "done_url": _HERE}
    given = {**(file if state == "ready" else {}), **changes}
    return request(number, "A customer asks for their data", state, **given)  # type: ignore[arg-type]


def privacy(*cards: RequestCard, **changes: object) -> PrivacyPage:
    page = PrivacyPage(
        open=cards,
        done=(),
        near=sum(card.urgency == "near" for card in cards),
        over=sum(card.urgency == "over" for card in cards),
        may_act=True,
        kept_url="/_gallery/privacy-kept/",
        erase_url="/_gallery/erase/",
        entered="",
        error="",
        settings_nav=nav("Privacy"),
    )
    return replace(page, **changes)  # type: ignore[arg-type]


def requests() -> PrivacyPage:
    counted = "3 conversations, 12 messages, 2 files, 1 contact, orders of 2 stores"
    done = (
        request(4, "A customer was erased", "done", done_at=ago(days=1), counted=counted),
        request(2, "A contact was erased", "done", store="", customer="", done_at=ago(days=9), counted="1 contact"),
        request(1, "A store is connected again: nothing was erased", "ignored", customer="", done_at=ago(days=40)),
    )
    return privacy(
        asks(7, counted="2 conversations, 3 messages, orders of 1 store"),
        asks(6, "making", days_ago=0),
        request(5, "A customer must be erased", "erasing", days_ago=0),
        done=done,
    )


def near() -> PrivacyPage:
    return privacy(
        asks(8, "gone", days_ago=33, urgency="over", days_left="the day is over", done_url=_HERE, again_url=_HERE),
        asks(9, days_ago=25, urgency="near", days_left="4 days left", counted="2 conversations, 3 messages"),
    )


def refused() -> PrivacyPage:
    return privacy(entered="maya at lindqvist", error="This is not a mail address.")


def of_an_administrator() -> PrivacyPage:
    return privacy(asks(7, file_url="", done_url=""), may_act=False, erase_url="")


def kept() -> KeptPage:
    return KeptPage("Harbor & Pine", tuple(groups()), timezone.now(), _HERE, nav("Privacy"))


def erase(**changes: object) -> ErasePage:
    page = ErasePage(
        address="maya@lindqvist.example",
        known=True,
        others=("m.lindqvist@private-mail.example",),
        erase_url="/_gallery/erase/",
        back_url=_HERE,
        error="",
    )
    return replace(page, **changes)  # type: ignore[arg-type]
