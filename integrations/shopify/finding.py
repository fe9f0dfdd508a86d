"""What a member's own search in one store finds: page objects of `sections.py`."""

import re
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _

from integrations.shopify import answers, identity, order_context, questions, stored
from integrations.shopify.models import OrderContext, Store
from integrations.shopify.queries import PEOPLE_FOUND
from integrations.shopify.questions import Asked
from integrations.shopify.sections import Finding
from integrations.shopify.sidebar import TRIES, Addresses, delay

LONGEST = 100  # characters: as many as are asked for
# Of so many digits and no letter: it may be a telephone number without the code of its country.
_NUMBER = re.compile(r"\+?[0-9(](?:[ ()./-]*[0-9]){5,}")


def find(store: Store, words: str, *, addresses: Addresses, attempt: int = 0) -> Finding:
    """What the words find; "asking" until Shopify answered. Words that were looked for a moment ago are not asked for again."""
    typed = " ".join(words.split())
    base = Finding("problem", store.number, store.shop_domain, typed, addresses.search(store.number), attempt=attempt)
    if not order_context.readable(store):
        return _with(base, "problem", _("This store cannot be read at the moment."))
    if len(typed.lower()) > LONGEST:  # What is cut off could be somebody else's address.
        return _with(base, "problem", _("This is too long: %(n)d characters at most.") % {"n": LONGEST})
    question = questions.by_words(words)
    if question is None:
        return _with(base, "problem", _("Enter an order name, an e-mail address, a telephone number or a name."))
    (found,) = order_context.look_up([Asked(store, (question,))])
    row = found.rows.get(question)
    waiting = found.refreshing and attempt < TRIES
    if row is not None and row.fetched_at is not None and not waiting and (row.found or row.failing_since is None):
        return _answered(base, row, addresses)
    if row is not None and row.failing_since is not None and not waiting:
        return _with(base, "problem", f"{answers.of(row.failure).agents}.")
    if attempt >= TRIES:
        return _with(base, "late", _("Shopify is slow to answer."))
    return _with(base, "asking", poll_delay_ms=delay(attempt))


def _answered(base: Finding, row: OrderContext, addresses: Addresses) -> Finding:
    head = row.head or {}
    people = [stored.found(one) for one in head.get("people", [])]
    hidden = stored.denied(head["denied"])
    if not people:
        return _with(base, "problem", str(answers.of(hidden[0].reason).agents)) if hidden else _nobody(base)
    found = identity.found_candidates(people, link_url=addresses.link(base.store_number))
    return _with(base, "found", candidates=found, more=len(found) >= PEOPLE_FOUND)


def _nobody(base: Finding) -> Finding:
    if not _NUMBER.fullmatch(base.words):
        return _with(base, "nothing")
    nobody = _("%(domain)s knows nobody by that.") % {"domain": base.domain}
    return _with(
        base, "nothing", f"{nobody} {_('A telephone number is found with the code of its country, as +46 or 0046.')}"
    )


def _with(base: Finding, state: str, text: str = "", **fields: Any) -> Finding:
    return replace(base, state=state, text=text, **fields)
