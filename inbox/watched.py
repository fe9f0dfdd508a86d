"""The views of the list that somebody looks at: what stands at their top is looked up before it is opened.

Once a minute for each view of a workspace, however many look. It is asked in the background, behind everybody who waits.
"""

from dataclasses import replace
from datetime import timedelta

from django.db.models import Case, When
from django.db.models.functions import Now

from inbox import gist, looking, persons
from inbox.events import ViewLookedAt
from inbox.looking import Looking
from inbox.models import Conversation, WatchedView
from integrations.shopify import interface
from tenants import members
from tenants.models import Membership
from tenants.outbox.events import publish

TOP = 10
AGAIN = timedelta(seconds=60)


def note(*, view: str, by: Membership) -> None:
    """A member looks at the list of this name. Whoever is first in a minute has its top prepared; that of a list that is
    narrowed by filters is in most cases looked at once, and is left alone."""
    looked = looking.at(view)
    if looked.filters:
        return
    name = f"mine {by.pk}" if looked.view == "mine" else looked.view
    rows = WatchedView.objects.filter(name=name)
    old = Case(When(warmed_at__lte=Now() - AGAIN, then=True), default=False)
    is_old = rows.values_list(old, flat=True).first()
    if is_old is False:
        return
    if is_old is None:
        row, first = rows.get_or_create(name=name)
    else:
        # Who finds the row in somebody else's hands leaves it there: a page does not wait for another one.
        row = rows.select_for_update(skip_locked=True).filter(warmed_at__lte=Now() - AGAIN).first()
        first = row is not None and bool(rows.update(warmed_at=Now()))
    if row is not None and first:
        publish(ViewLookedAt(view_id=row.pk))


def top(*, view_id: int) -> list[int]:
    """The numbers of the first conversations of a view, in which orders may matter: one of each contact, the first one first."""
    view = WatchedView.objects.filter(pk=view_id).first()
    member = _whose(view) if view else None
    if view is None or view.name is None or member is None:
        return []
    rows = looking.rows(Looking(view.name.partition(" ")[0]), member=member).filter(erased_at=None)
    newest = rows.order_by("-last_message_at", "-pk").values_list("pk", flat=True)[:TOP]
    related = Conversation.objects.filter(gist.about_orders(), pk__in=list(newest))
    by_contact: dict[int, int] = {}
    for contact, number in related.order_by("-last_message_at", "-pk").values_list("contact_id", "number"):
        by_contact.setdefault(contact, number)
    return list(by_contact.values())


def _whose(view: WatchedView) -> Membership | None:
    """Whose view it is; anybody, for one that is everybody's."""
    owner = (view.name or "").partition(" ")[2]
    return members.present().filter(**({"pk": int(owner)} if owner else {})).first()


def warm(event: ViewLookedAt) -> None:
    """Have what the stores know of one contact of a view's top looked up, where it is old; the next one follows.

    One at a time: what somebody waits for gets in between, also where a single worker does everything. And two views that
    show the same people in another order never wait for each other crosswise.
    """
    numbers = top(view_id=event.view_id)
    if event.position >= len(numbers):
        return
    interface.warm(person=persons.person_of(number=numbers[event.position]))
    publish(replace(event, position=event.position + 1))
