"""Why a customer is shown, who else it could be, and the orders that messages name: page objects of `sections.py`.

An order of which nobody knows that it is the person's is shown by its name and date alone; nothing else of it gets as far as
a page object.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from integrations.shopify import order_cards, queries, stored
from integrations.shopify.matching import How, Matched, Named, Proof
from integrations.shopify.models import Store
from integrations.shopify.person import Link, Person, Ruling
from integrations.shopify.questions import MOST_EMAILS, Kind
from integrations.shopify.scopes import READ_ALL_ORDERS, covers
from integrations.shopify.sections import Candidate, Match, NamedOrder, RuledOut
from integrations.shopify.types import Customer, Found


def match_of(matched: Matched, person: Person, *, link: Link | None, unlink_url: str) -> Match | None:
    """The sentence over the section."""
    emails = ", ".join(matched.emails)
    match matched.how:
        case How.LINKED | How.GONE if link is not None:
            return linked(link, unlink_url, gone=matched.how is How.GONE)
        case How.EMAIL:
            guests = (
                _("Guest orders under %(emails)s.") % {"emails": ", ".join(matched.guests)} if matched.guests else ""
            )
            same = _("Same e-mail address: %(emails)s.") % {"emails": emails}
            return Match("email", _join(same, guests, _not_asked(person)))
        case How.GUEST:
            return Match("guest", _join(_("Orders under %(emails)s.") % {"emails": emails}, _not_asked(person)))
        case How.CANDIDATES:
            return Match("candidates", _join(_choice(matched), _not_asked(person)))
    return None


def linked(link: Link, unlink_url: str, *, gone: bool = False) -> Match:
    """That a member said who this is, and the way to take it back."""
    return Match("linked", _linked(link, gone=gone), unlink_url)


def nobody(matched: Matched, store: Store, person: Person) -> str:
    """Why there is no match. Empty where there is one."""
    if matched.how is How.UNASKED:
        return _("This contact has no e-mail address, and customers are found by theirs.")
    if matched.how is not How.NONE or matched.ruled_out:
        return ""
    asked = person.emails[:MOST_EMAILS]
    emails, unfit = {"email": ", ".join(asked)}, [each for each in asked if queries.email_search(each) is None]
    if unfit:
        words = _("No customer with %(email)s in this store.") % emails
        guests = _("Guest orders cannot be looked for under %(unfit)s.") % {"unfit": ", ".join(unfit)}
        return _join(words, guests, _not_asked(person))
    if covers(store.scopes, READ_ALL_ORDERS):
        words = _("No customer and no guest order with %(email)s in this store.") % emails
    else:
        words = _("No customer with %(email)s in this store, and no guest order in the last 60 days.") % emails
    return _join(words, _not_asked(person))


def candidates_of(matched: Matched, *, link_url: str) -> tuple[Candidate, ...]:
    """Everybody who may be the person, none before the others but by name."""
    reasons = {
        Kind.EMAIL: _("E-mail address of this contact"),
        Kind.PHONE: _("Telephone number in a message"),
    }
    people = [
        candidate(who, why=reasons[Kind(question.kind)], link_url=link_url)
        for head, question in matched.candidates
        if (who := stored.customer(head["customer"])) is not None
    ]
    return tuple(sorted(people, key=lambda one: (one.name.casefold(), one.customer_id)))


def found_candidates(found: Iterable[Found], *, link_url: str) -> tuple[Candidate, ...]:
    """Whom a search found, in the order in which it is sure of them."""
    reasons = {
        "email": _("This e-mail address"),
        "phone": _("This telephone number"),
        "order": _("Placed this order"),
        "name": _("This name"),
    }
    return tuple(candidate(one.customer, why=reasons[one.by], link_url=link_url) for one in found)


def candidate(who: Customer, *, why: str, link_url: str) -> Candidate:
    return Candidate(
        customer_id=who.legacy_id,
        name=who.display_name,
        email=who.email or "",
        phone=who.phone or "",
        orders=order_count(who),
        why=why,
        link_url=link_url,
        since=who.created_at,
    )


def order_count(who: Customer) -> str:
    """ "13 orders", of a lifetime; empty where Shopify does not say."""
    count = who.number_of_orders
    return "" if count is None else ngettext("%(n)d order", "%(n)d orders", count) % {"n": count}


def named_order(
    named: Named,
    *,
    person: Person,
    store: Store,
    zone: ZoneInfo,
    detail_url: Callable[[str], str],
) -> NamedOrder:
    """An order that a message names. Without a proof it is masked here, and not in a template."""
    value: dict[str, Any] = named.order
    created_at, which = datetime.fromisoformat(value["created_at"]), (store.number, value["legacy_id"])
    if named.proof is Proof.NONE:
        if ruling := person.not_orders.get(which):
            return NamedOrder(value["name"], "ruled_out", created_at, card=None, why=_not_theirs(value, ruling))
        return NamedOrder(value["name"], "unconfirmed", created_at, card=None, why=_unproven(value, person, store))
    card = order_cards.card(
        stored.order(value), layout="full", shop_domain=store.shop_domain, zone=zone, detail_url=detail_url
    )  # fmt: skip
    if named.proof is Proof.CONFIRMED:
        said = person.confirmed[which]
        return NamedOrder(
            value["name"], "confirmed", created_at, card, confirmed_by=said.by, confirmed_at=said.at, reason=said.reason
        )
    return NamedOrder(value["name"], "theirs", created_at, card)


def _unproven(value: dict[str, Any], person: Person, store: Store) -> str:
    """What is known of why it is not taken for theirs, and nothing else of the order."""
    name = {"name": value["name"]}
    if (store.number, value["customer_id"]) in person.not_customers:
        return _("%(name)s was placed by a customer of whom a member said that they are not this contact.") % name
    if not person.emails:
        return _("This contact has no e-mail address to compare with that of %(name)s.") % name
    if value["email"]:
        return _("%(name)s was ordered with another e-mail than this contact’s.") % name
    return _("The store does not say with which e-mail %(name)s was ordered.") % name


def ruled_out(matched: Matched, person: Person, store: Store, *, undo_url: str) -> RuledOut | None:
    """That a member said of customers who were found that they are not this contact; of several words, the newest."""
    said = [person.not_customers[store.number, customer] for customer in matched.ruled_out]
    if not said:
        return None
    newest = max(said, key=lambda ruling: ruling.at)
    words = ngettext(
        "This contact is not the customer found here: %(by)s, %(on)s.",
        "This contact is none of the %(n)d customers found here: %(by)s, %(on)s.",
        len(said),
    )
    return RuledOut(words % {"n": len(said), "by": newest.by, "on": _day(newest.at)}, undo_url)


def _not_theirs(value: dict[str, Any], ruling: Ruling) -> str:
    words = _("%(name)s is not this contact’s: %(by)s, %(on)s.")
    return words % {"name": value["name"], "by": ruling.by, "on": _day(ruling.at)}


def _linked(link: Link, *, gone: bool) -> str:
    said = _("Linked by %(by)s, %(on)s.") % {"by": link.by, "on": _day(link.at)}
    if not gone:
        return said
    return _join(said, _("Shopify no longer has this customer: merged into another one, or deleted."))


def _choice(matched: Matched) -> str:
    if matched.emails:
        return _("Several customers have an address of this contact. Choose who it is.")
    count = len(matched.candidates)
    return ngettext(
        "Nobody has the e-mail address of this contact, but one customer a telephone number from the messages. Is it them?",
        "Nobody has the e-mail address of this contact, but %(n)d customers a telephone number from the messages.",
        count,
    ) % {"n": count}


def _not_asked(person: Person) -> str:
    """Which addresses were left out."""
    left = person.emails[MOST_EMAILS:]
    named = ", ".join(left[:MOST_EMAILS])
    if (more := len(left) - MOST_EMAILS) > 0:
        words = ngettext("Not looked up: %(emails)s and %(n)d more.", "Not looked up: %(emails)s and %(n)d more.", more)
        return words % {"emails": named, "n": more}
    return _("Not looked up: %(emails)s.") % {"emails": named} if left else ""


def _join(*sentences: str) -> str:
    return " ".join(sentence for sentence in sentences if sentence)


def _day(moment: datetime) -> str:
    return formats.date_format(timezone.localtime(moment), "M j, Y")
