"""What a member's own search in one store finds: page objects of `sections.py`."""

from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _

from integrations.shopify import answers, identity, order_context, questions, stored
from integrations.shopify.models import OrderContext, Store
from integrations.shopify.queries import PEOPLE_FOUND
from integrations.shopify.questions import Asked
from integrations.shopify.sections import Finding
from integrations.shopify.sidebar import DELAYS_MS, LATER_MS, TRIES, Addresses


def find(store: Store, words: str, *, addresses: Addresses, attempt: int = 0) -> Finding:
    """What the words find; "asking" until Shopify answered. Words that were looked for a moment ago are not asked for again."""
    typed = " ".join(words.split())[:100]
    base = Finding("problem", store.number, store.shop_domain, typed, addresses.search(store.number), attempt=attempt)
    if not order_context.readable(store):
        return _with(base, "problem", _("This store cannot be read at the moment."))
    question = questions.by_words(words)
    if question is None:
        return _with(base, "problem", _("Enter an order name, an e-mail address, a telephone number or a name."))
    (found,) = order_context.look_up([Asked(store, (question,))])
    row = found.rows.get(question)
    if row is not None and row.fetched_at is not None:
        return _answered(base, row, addresses)
    if row is not None and row.failing_since is not None:
        return _with(base, "problem", f"{answers.of(row.failure).agents}.")
    if attempt >= TRIES:
        return _with(base, "late", _("Shopify is slow to answer."))
    delay = DELAYS_MS[attempt] if attempt < len(DELAYS_MS) else LATER_MS
    return _with(base, "asking", poll_delay_ms=delay)


def _answered(base: Finding, row: OrderContext, addresses: Addresses) -> Finding:
    head = row.head or {}
    people = [stored.found(one) for one in head.get("people", [])]
    hidden = stored.denied(head["denied"])
    if not people:
        return _with(base, "problem", str(answers.of(hidden[0].reason).agents)) if hidden else _with(base, "nothing")
    found = identity.found_candidates(people, link_url=addresses.link(base.store_number))
    return _with(base, "found", candidates=found, more=len(found) >= PEOPLE_FOUND)


def _with(base: Finding, state: str, text: str = "", **fields: Any) -> Finding:
    return replace(base, state=state, text=text, **fields)
