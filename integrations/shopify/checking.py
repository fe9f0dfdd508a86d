"""*Check connection*: an owner presses it, a task tries each part of a connection, and the card says what it found.

A check changes nothing at Shopify, and keeps nothing of what it reads but whether it could be read; a store that it finds
broken, or mended, is noted as such. One at a time for each store, by the database's clock; one whose task never comes back
is told as such after a minute.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeVar

from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from integrations import errors
from integrations.shopify import asking, client, probing, scopes, stores
from integrations.shopify.asking import Priority
from integrations.shopify.events import StoreCheckWanted
from integrations.shopify.models import LIVE, Store
from integrations.shopify.types import Denied
from tenants.outbox.events import publish
from tenants.rls.context import task_tenant_id, tenant_context

log = logging.getLogger("versana.shopify")

Answer = TypeVar("Answer")

PATIENCE = timedelta(seconds=60)
# Signatures of Shopify's are taken up to 90 seconds off (oauth.py); before that it should be known.
MOST_SKEW = timedelta(seconds=45)


class Probe(StrEnum):
    """What is tried, in this order."""

    ACCESS = "access"
    STORE = "store"
    PERMISSIONS = "permissions"
    CUSTOMERS = "customers"
    ORDERS = "orders"
    WEBHOOKS = "webhooks"
    CLOCK = "clock"


class Found(StrEnum):
    OK = "ok"
    FAILED = "failed"
    UNKNOWN = "unknown"  # could not be tried, because one before it failed, or Shopify did not answer


@dataclass(frozen=True, slots=True)
class Finding:
    """`code`: an error's, or which permission; words are made of it by the page."""

    probe: Probe
    found: Found
    code: str = ""

    def as_row(self) -> dict[str, str]:
        return {"probe": self.probe.value, "found": self.found.value, "code": self.code}


def ask(*, store: Store) -> bool:
    """Begin a check, in the current transaction. False when one is under way."""
    free = Q(check_asked_at=None) | Q(checked_at__gte=F("check_asked_at")) | Q(check_asked_at__lt=Now() - PATIENCE)
    begun = Store.objects.filter(free, pk=store.pk, state__in=LIVE).update(check_asked_at=Now())
    if begun:
        publish(StoreCheckWanted(store_id=store.pk))
    return bool(begun)


def ask_after_opening(*, tenant_id: int, shop: str) -> None:
    """The app was opened in Shopify: a good moment to find out whether it was installed anew behind our back."""
    with tenant_context(tenant_id):
        store = Store.objects.filter(shop_domain=shop, state__in=LIVE).first()
        if store is not None:
            ask(store=store)


def run(*, store_id: int) -> None:
    """Try everything, and write down what was found. For tasks; harmless when run twice."""
    tenant_id = task_tenant_id()
    with tenant_context(tenant_id):
        store = Store.objects.filter(pk=store_id, state__in=LIVE).exclude(check_asked_at=None).first()
    if store is None or (store.checked_at is not None and store.checked_at >= store.check_asked_at):
        return
    check = Check(store)
    findings = check.findings()
    if check.failure is None:
        probing.probe(store_id=store_id)  # One that was taken for broken, and answers: the card must not say both.
    with tenant_context(tenant_id):
        if check.failure is not None:
            stores.note_failure(store_id=store_id, generation=store.generation, error=check.failure)
        keep(store=store, findings=findings)


def keep(*, store: Store, findings: list[Finding]) -> None:
    """Of a store that was disconnected or connected anew meanwhile nothing is kept."""
    current = Store.objects.filter(pk=store.pk, generation=store.generation)
    current.update(check_results=[finding.as_row() for finding in findings], checked_at=Now())


class Check:
    """One run through the probes. Asks Shopify four times at most."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.failure: errors.IntegrationError | None = None

    def findings(self) -> list[Finding]:
        try:
            identity = self._ask(client.identity)
        except errors.IntegrationError as error:
            self.failure = error
            return [*_of_error(error), *self._webhooks()]
        found = [Finding(Probe.ACCESS, Found.OK), self._same_store(identity.profile.id)]
        found.append(_permissions(identity.profile.scopes))
        found.append(self._sample(Probe.CUSTOMERS, client.customer_sample))
        found.append(self._sample(Probe.ORDERS, client.order_sample))
        return [*found, *self._webhooks(), _clock(identity.answered_at)]

    def _ask(self, question: Callable[[client.Connection], Answer]) -> Answer:
        return asking.ask(self.store.pk, question, priority=Priority.INTERACTIVE)

    def _same_store(self, gid: str) -> Finding:
        """A domain can be given to another store after the first one closed; the id cannot."""
        same = not self.store.shop_gid or self.store.shop_gid == gid
        return Finding(Probe.STORE, Found.OK if same else Found.FAILED, "" if same else "another_store")

    def _sample(self, probe: Probe, question: Callable[[client.Connection], tuple[Denied, ...]]) -> Finding:
        try:
            denied = self._ask(question)
        except errors.IntegrationError as error:
            return Finding(probe, Found.FAILED if error.permanent else Found.UNKNOWN, error.code)
        reason = next((item.reason for item in denied), "")
        return Finding(probe, Found.FAILED if denied else Found.OK, reason)

    def _webhooks(self) -> list[Finding]:
        if self.store.webhooks_checked_at is None:
            return [Finding(Probe.WEBHOOKS, Found.UNKNOWN, "not_checked")]
        problem = self.store.webhooks_problem
        return [Finding(Probe.WEBHOOKS, Found.FAILED if problem else Found.OK, problem)]


def _of_error(error: errors.IntegrationError) -> list[Finding]:
    """The first question failed: by our access, or because the store does not answer. The rest was not tried."""
    by_access = error.code in (
        errors.TokenRefused.code,
        errors.GrantRefused.code,
        "app_refused",
        "app_unreadable",
        "no_app",
    )
    found = Found.FAILED if error.permanent else Found.UNKNOWN
    first = Finding(Probe.ACCESS, found if by_access else Found.UNKNOWN, error.code if by_access else "not_tried")
    second = Finding(Probe.STORE, Found.UNKNOWN if by_access else found, "not_tried" if by_access else error.code)
    rest = (Probe.PERMISSIONS, Probe.CUSTOMERS, Probe.ORDERS)
    return [first, second, *(Finding(probe, Found.UNKNOWN, "not_tried") for probe in rest)]


def _permissions(granted: frozenset[str]) -> Finding:
    lacking = ",".join(scope.handle for scope in scopes.missing(granted))
    return Finding(Probe.PERMISSIONS, Found.FAILED if lacking else Found.OK, lacking)


def _clock(answered_at: datetime | None) -> Finding:
    if answered_at is None:
        return Finding(Probe.CLOCK, Found.UNKNOWN, "not_tried")
    skewed = abs(timezone.now() - answered_at) > MOST_SKEW
    return Finding(Probe.CLOCK, Found.FAILED if skewed else Found.OK, "skewed" if skewed else "")
