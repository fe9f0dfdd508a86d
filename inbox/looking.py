"""Which conversations a list shows: a view, narrowed by filters. As it stands in an address, and as a query.

`words` is how a list is named everywhere: what stands in an address behind `?view=`, as in "open&topic=refund&tag=3". So a
thread that is opened from a list carries the list along, and back and reload lead to it again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.lookups import IsNull

from inbox import labels
from inbox.models import ContactAddress, Conversation, ConversationTag, ConversationTopic, CustomerLink, Tag
from integrations.shopify import interface
from tenants.models import Membership

State = Conversation.State
DEFAULT = "open"
VIEWS: dict[str, Q] = {
    "mine": Q(state=State.OPEN),
    "unassigned": Q(state=State.OPEN, assignee=None),
    "open": Q(state=State.OPEN),
    "needs-reply": Q(state=State.OPEN, needs_reply=True),
    "replied": Q(state=State.OPEN, needs_reply=False),
    "snoozed": Q(state=State.SNOOZED),
    "closed": Q(state=State.CLOSED),
    "spam": Q(state=State.SPAM),
    "all": Q(),
}
_NUMBERED = ("tag", "store", "assignee")
FEW = 500  # contacts whose conversations are found one contact after the other
LARGEST = 10**15  # of the numbers that an address may name


class NoSuchList(ValueError):
    """The address names a view or a filter that there is not."""


@dataclass(frozen=True, slots=True)
class Looking:
    """`tag`, `store` and `assignee` are public numbers, 0 for all; `topic` and `priority` are empty for all."""

    view: str = DEFAULT
    topic: str = ""
    tag: int = 0
    store: int = 0
    assignee: int = 0
    priority: str = ""

    @property
    def filters(self) -> dict[str, str]:
        """Those that are set, in one order."""
        named = {name: str(getattr(self, name) or "") for name in ("topic", *_NUMBERED, "priority")}
        return {name: value for name, value in named.items() if value}

    @property
    def words(self) -> str:
        return "&".join([self.view, *(f"{name}={value}" for name, value in self.filters.items())])

    def without(self, name: str) -> "Looking":
        return replace(self, **{name: type(getattr(self, name))()})


def of(given: Mapping[str, str]) -> Looking:
    """From the query of an address; what else stands there is somebody else's. Raises NoSuchList."""
    view, _, rest = given.get("view", DEFAULT).partition("&")
    named = {**dict(parse_qsl(rest)), **given}
    topic, priority = named.get("topic", ""), named.get("priority", "")
    known = view in VIEWS and topic in ("", *ConversationTopic.Topic.values)
    if not known or priority not in ("", *map(str, Conversation.Priority.values)):
        raise NoSuchList
    return Looking(view, topic, priority=priority, **{name: _number(named.get(name, "")) for name in _NUMBERED})


def at(words: str) -> Looking:
    """From the name of a list. Raises NoSuchList."""
    return of({"view": words})


def rows(looking: Looking, *, member: Membership) -> QuerySet[Conversation]:
    """The conversations of a list as `member` sees it, in no order yet."""
    found = Conversation.objects.filter(VIEWS[looking.view])
    if looking.view == "mine":
        found = found.filter(assignee=member)
    for name, value in looking.filters.items():
        found = found.filter(_NARROWED[name](value))
    return found


def _number(given: str) -> int:
    if not given:
        return 0
    if not (given.isascii() and given.isdigit() and len(given) < 16) or not 0 < int(given) < LARGEST:
        raise NoSuchList
    return int(given)


def _about(topic: str) -> Exists:
    of_row = ConversationTopic.objects.filter(conversation=OuterRef("pk"), topic=topic)
    return Exists(of_row.filter(labels.holding()))


def _tagged(number: str) -> Q:
    """The tag is looked up first: joined in, PostgreSQL would not know how many conversations it is on."""
    tag = Tag.objects.filter(number=int(number)).values_list("pk", flat=True)
    tagged = ConversationTag.objects.filter(tag__in=list(tag[:1]))
    return Q(pk__in=tagged.values("conversation"))


def _of_store(number: str) -> Q:
    """With whom the store has orders or an account: by their address, or because somebody said so.

    A few are looked up by themselves. Of many it is asked row by row, in the list's order, which ends at a full page: looked
    up first, all their conversations would have to be sorted.
    """
    known = interface.known_addresses(store_number=int(number))
    by_address = ContactAddress.objects.filter(email_norm__in=known)
    by_hand = CustomerLink.objects.filter(store_number=int(number))
    some = by_address.values_list("contact", flat=True).union(by_hand.values_list("contact", flat=True), all=True)
    contacts = list(some[: FEW + 1])
    if len(contacts) <= FEW:
        return Q(contact__in=set(contacts))
    here = OuterRef("contact")
    # Never EXISTS, which PostgreSQL may turn round: it then reads all addresses that the store knows for one page.
    first = [Subquery(each.filter(contact=here).values("pk")[:1]) for each in (by_address, by_hand)]
    return Q(IsNull(first[0], False)) | Q(IsNull(first[1], False))


def _assigned(number: str) -> Q:
    return Q(assignee__in=list(Membership.objects.filter(number=int(number)).values_list("pk", flat=True)[:1]))


_NARROWED: dict[str, Any] = {
    "topic": _about,
    "tag": _tagged,
    "store": _of_store,
    "assignee": _assigned,
    "priority": lambda value: Q(priority=int(value)),
}
