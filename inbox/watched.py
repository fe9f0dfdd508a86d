"""The views of the list that somebody looks at: what stands at their top is looked up before it is opened.

Once a minute for each view of a workspace, however many look. It is asked in the background, behind everybody who waits.
"""

from dataclasses import replace
from datetime import timedelta

from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now

from inbox.events import ViewLookedAt
from inbox.models import ContactAddress, Conversation, ConversationTopic, Mention, WatchedView
from integrations.shopify import interface
from tenants.outbox.events import publish

TOP = 10
AGAIN = timedelta(seconds=60)
_ABOUT_NO_ORDER = (ConversationTopic.Topic.PRODUCT_QUESTION, ConversationTopic.Topic.OTHER)


def note(*, needs_reply: bool | None) -> None:
    """Somebody looks at this view. Whoever is first in a minute has its top prepared."""
    rows = WatchedView.objects.filter(needs_reply=needs_reply)
    # Who finds the row in somebody else's hands leaves it there: a page does not wait for another one.
    row = rows.select_for_update(skip_locked=True).filter(warmed_at__lte=Now() - AGAIN).first()
    first = False
    if row is None:
        row, first = rows.get_or_create(needs_reply=needs_reply)
    elif rows.update(warmed_at=Now()):
        first = True
    if first:
        publish(ViewLookedAt(view_id=row.pk))


def top(*, view_id: int) -> list[int]:
    """The contacts of the first conversations of a view, in which orders may matter: each once, the first one first."""
    view = WatchedView.objects.filter(pk=view_id).first()
    if view is None:
        return []
    rows = Conversation.objects.filter(erased_at=None)
    if view.needs_reply is not None:
        rows = rows.filter(needs_reply=view.needs_reply)
    newest = rows.order_by("-last_message_at", "-pk").values_list("pk", flat=True)[:TOP]
    related = (
        Conversation.objects.filter(pk__in=list(newest)).filter(_about_orders()).order_by("-last_message_at", "-pk")
    )
    return list(dict.fromkeys(related.values_list("contact_id", flat=True)))


def _about_orders() -> Q:
    """By its topics or an order that it names; or nobody has read it for topics yet."""
    topics = ConversationTopic.objects.filter(conversation=OuterRef("pk")).exclude(confirmed=False)
    named = Mention.objects.filter(conversation=OuterRef("pk"), kind=Mention.Kind.ORDER)
    return Q(Exists(topics.exclude(topic__in=_ABOUT_NO_ORDER))) | Q(Exists(named)) | ~Q(Exists(topics))


def warm(event: ViewLookedAt) -> None:
    """Have what the stores know of one contact of a view's top looked up, where it is old; the next one follows.

    One at a time: what somebody waits for gets in between, also where a single worker does everything. And two views that
    show the same people in another order never wait for each other crosswise.
    """
    contacts = top(view_id=event.view_id)
    if event.position >= len(contacts):
        return
    addresses = ContactAddress.objects.filter(contact=contacts[event.position]).order_by("pk")
    interface.warm(person=interface.Person(emails=tuple(addresses.values_list("email_norm", flat=True)[:1])))
    publish(replace(event, position=event.position + 1))
