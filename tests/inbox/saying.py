"""Steps of the tests about what members say of a contact by hand."""

from inbox import confirmations, links
from inbox.models import Conversation, CustomerLink, Mention, OrderConfirmation
from tenants.models import AuditEvent, Membership
from tenants.rls.context import tenant_context
from tests import factories
from tests.conftest import Cast

STORE, MAYA_THERE, ANOTHER, ORDER = 1, "7100000000017", "7100000000099", "5400000000001"


def writes(cast: Cast, **fields: object) -> Conversation:
    with tenant_context(cast.acme.pk):
        return factories.conversation(**fields)  # type: ignore[arg-type]


def link(cast: Cast, thread: Conversation, customer: str = MAYA_THERE, *, seen: str = "", by: Membership) -> None:
    with tenant_context(cast.acme.pk):
        links.link(conversation=thread, store_number=STORE, customer_id=customer, seen=seen, by=by)


def unlink(cast: Cast, thread: Conversation, seen: str, *, by: Membership) -> None:
    with tenant_context(cast.acme.pk):
        links.unlink(conversation=thread, store_number=STORE, seen=seen, by=by)


def confirm(cast: Cast, thread: Conversation, reason: str, *, order: str = ORDER, by: Membership) -> None:
    with tenant_context(cast.acme.pk):
        confirmations.confirm(conversation=thread, store_number=STORE, order_id=order, reason=reason, by=by)


def names(cast: Cast, thread: Conversation, *orders: str, kind: str = "order") -> None:
    """The messages name these."""
    with tenant_context(cast.acme.pk):
        for value in orders:
            Mention.objects.create(conversation=thread, kind=kind, value=value, typed=f"#{value}")


def linked(cast: Cast) -> list[tuple[str, str]]:
    with tenant_context(cast.acme.pk):
        rows = CustomerLink.objects.select_related("linked_by__user").order_by("pk")
        return [(row.customer_id, row.linked_by.user.name) for row in rows]


def confirmed(cast: Cast) -> list[tuple[str, str, str]]:
    with tenant_context(cast.acme.pk):
        rows = OrderConfirmation.objects.select_related("confirmed_by__user").order_by("pk")
        return [(row.order_id, row.reason, row.confirmed_by.user.name) for row in rows]


def recorded(cast: Cast) -> list[AuditEvent]:
    """What was said about contacts, in order."""
    with tenant_context(cast.acme.pk):
        return list(AuditEvent.objects.filter(action__startswith="contact.").order_by("pk"))
