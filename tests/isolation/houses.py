"""Two workspaces that look lived in, with everybody who could knock at their doors."""

import re
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from functools import cached_property

from django.db import models
from django.test import Client
from django.utils import timezone

from inbox.models import ContactAddress, Message, SavedReply, SavedView
from integrations.shopify import attempts, stored
from integrations.shopify.models import ComplianceRequest, ConnectionAttempt, OrderContext, Store
from integrations.shopify.types import CustomerOrders, Money
from tenants import provisioning
from tenants.models import Export, Handover, Membership, Tenant, User
from tenants.rls.context import tenant_context
from tenants.roles import Role
from tests.integrations.shopify.test_order_cards import ORDER
from tests.isolation.rows import Rows, populate, workspace

ORDER_ID = "5400000001009"
FINDABLE = re.compile(r"(?:value|text)-\d{7}")


@dataclass(frozen=True)
class House:
    """A workspace, one row of everything in it, its people, and a connection attempt of its owner's that failed."""

    tenant: Tenant
    rows: Rows
    people: dict[str, User]
    reference: str

    def row(self, model: str) -> models.Model:
        return next(row for kind, row in self.rows.items() if kind.__name__ == model)

    def told_by(self, text: str) -> set[str]:
        """What of this house's content stands in a page."""
        return {word for word in FINDABLE.findall(text) if word in self.content} | {
            word for word in (self.tenant.name,) if word in text
        }

    @cached_property
    def content(self) -> set[str]:
        values = (value for row in self.rows.values() for value in vars(row).values())
        return {word for value in values if isinstance(value, str) for word in FINDABLE.findall(value)}


def furnish(name: str) -> House:
    """Its rows are such as the pages show: a message with HTML, an order that is known."""
    tenant = workspace(name)
    with tenant_context(tenant.pk):
        Tenant.objects.filter(pk=tenant.pk).update(name=f"The house called {name}")
        tenant.refresh_from_db()
    rows = populate(tenant)
    with tenant_context(tenant.pk):
        owner = Membership.objects.select_related("user").get(user__email__startswith="owner@", role=Role.OWNER)
        people = {Role.OWNER.value: owner.user}
        for role in (Role.ADMINISTRATOR, Role.AGENT):
            people[role.value] = _person(f"{role}@{tenant.slug}.example")
            provisioning.add_member(user=people[role.value], role=role, by=owner)
        _fill(rows)
        offered = Membership.objects.get(user=people[Role.AGENT.value])
        soon = timezone.now() + timedelta(days=1)
        Handover.objects.update(giver=owner, taker=offered, expires_at=soon, ended_at=None, accepted_at=None)
    return House(tenant, rows, people, _failed_attempt(owner))


def _fill(rows: Rows) -> None:
    message, context, store, export = rows[Message], rows[OrderContext], rows[Store], rows[Export]
    assert isinstance(message, Message)
    assert isinstance(context, OrderContext)
    assert isinstance(store, Store)
    assert isinstance(export, Export)
    export.state, export.expires_at = Export.State.READY, timezone.now() + timedelta(days=1)
    export.save()
    SavedReply.objects.update(owner=None)  # everybody's: a member's own is shut to the others
    ComplianceRequest.objects.update(
        kind=ComplianceRequest.Kind.DATA_REQUEST,
        state=ComplianceRequest.State.READY,
        file_until=timezone.now() + timedelta(days=1),
    )
    store.shop_domain = f"{store.shop_domain}.myshopify.com"
    store.save()
    message.html = f"<p>{message.message_id}</p>"
    message.save()
    order = replace(ORDER, name=store.shop_domain, total=Money(Decimal(7), "USD"))
    address = rows[ContactAddress]
    assert isinstance(address, ContactAddress)
    address.email_norm = f"{address.email_norm}@example.com"  # Shopify is asked about addresses alone.
    address.save()
    SavedView.objects.update(
        owner=None
    )  # everybody's: another member's own is not there (tests/inbox/test_saved_views.py)
    context.kind, context.key = OrderContext.Kind.EMAIL, address.email_norm
    context.head, context.rest = stored.split(CustomerOrders(None, (order,)))
    context.found, context.fetched_at = True, timezone.now()
    context.save()


def _failed_attempt(owner: Membership) -> str:
    return ConnectionAttempt.objects.create(
        reference=attempts.new_reference(),
        user_id=owner.user_id,
        tenant_id=owner.tenant_id,
        shop_domain="harbor.myshopify.com",
        finished_at=timezone.now(),
        outcome="state_unknown",
    ).reference


def _person(email: str) -> User:
    return User.objects.create_user(email=email, name=email.partition("@")[0])


def removed_from(house: House) -> User:
    """An owner's account, until a moment ago."""
    user = _person(f"removed@{house.tenant.slug}.example")
    with tenant_context(house.tenant.pk):
        by = Membership.objects.get(user=house.people[Role.OWNER])
        member = provisioning.add_member(user=user, role=Role.OWNER, by=by)
        Membership.objects.filter(pk=member.pk).update(removed_at=timezone.now())
    return user


def nobody() -> User:
    """An account without a workspace."""
    return _person("nobody@elsewhere.example")


def signed_in(user: User | None) -> Client:
    client = Client(raise_request_exception=False)
    if user is not None:
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client
