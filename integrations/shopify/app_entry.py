"""A workspace's own Shopify apps: enter one, change its secret, remove it. For owners; the secret is never shown again."""

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from integrations.shopify.models import LIVE, ShopifyApp, Store
from tenants import audit, members
from tenants.crypto.sealing import SealError
from tenants.crypto.secret import Secret
from tenants.models import Membership
from tenants.numbering import next_number
from tenants.roles import Permission

MOST = 50
WITH_STORES = Q(stores__state__in=LIVE)


class AppRefused(Exception):
    """Why an app was not entered, changed or removed, as a code of `pages/own_apps.py`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@transaction.atomic
def add(*, name: str, client_id: str, client_secret: Secret, by: Membership) -> ShopifyApp:
    """Raises AppRefused for the installation's own app, for one that is here already, and for too many."""
    owner = members.authorise(by=by, permission=Permission.CONNECT_STORES)
    if client_id == settings.SHOPIFY_CLIENT_ID:
        raise AppRefused("installations_own")
    if ShopifyApp.objects.count() >= MOST:
        raise AppRefused("too_many")
    app = ShopifyApp(
        number=next_number("shopify_app"), name=name, client_id=client_id, client_secret=client_secret, entered_by=owner
    )
    try:
        with transaction.atomic():
            app.save()
    except IntegrityError:
        raise AppRefused("known") from None
    audit.record(audit.Action.STORE_APP_ADDED, by=owner, target=name, client_id=client_id)
    return app


@transaction.atomic
def change_secret(*, app: ShopifyApp, client_secret: Secret, by: Membership) -> None:
    """From now on with this secret. Signatures by the one before count too, until the rotation is ended.

    Shopify signs webhooks with the oldest secret that is not revoked (rotate or revoke client credentials, read
    2026-11-22): so of two changes without an end between them, the first one's old secret is the one to keep.
    """
    owner, app = _locked(app, by)
    current, previous = _opened(app, "client_secret"), _opened(app, "previous_secret")
    if current is not None and client_secret == current:
        raise AppRefused("same_secret")
    app.previous_secret = previous or current
    app.client_secret, app.secret_changed_at = client_secret, timezone.now()
    app.save(update_fields=["client_secret", "previous_secret", "secret_changed_at"])
    audit.record(audit.Action.STORE_APP_CHANGED, by=owner, target=app.name, change="secret")


@transaction.atomic
def end_rotation(*, app: ShopifyApp, by: Membership) -> None:
    """The old secret was revoked at Shopify: nothing that it signed counts any more."""
    owner, app = _locked(app, by)
    if app.__dict__["previous_secret"] is None:
        return
    app.previous_secret = None
    app.save(update_fields=["previous_secret"])
    audit.record(audit.Action.STORE_APP_CHANGED, by=owner, target=app.name, change="rotation_ended")


@transaction.atomic
def remove(*, app: ShopifyApp, by: Membership) -> None:
    """Raises AppRefused while a store is connected with it. Stores that were disconnected keep their place without it."""
    owner, app = _locked(app, by)
    if ShopifyApp.objects.filter(WITH_STORES, pk=app.pk).exists():
        raise AppRefused("in_use")
    Store.objects.filter(app=app).update(app=None)
    name = app.name
    app.delete()
    audit.record(audit.Action.STORE_APP_REMOVED, by=owner, target=name)


def _locked(app: ShopifyApp, by: Membership) -> tuple[Membership, ShopifyApp]:
    """The owner as they are now, and the app's row, locked."""
    owner = members.authorise(by=by, permission=Permission.CONNECT_STORES)
    locked = ShopifyApp.objects.select_for_update().filter(pk=app.pk).first()
    if locked is None:
        raise AppRefused("gone")
    return owner, locked


def _opened(app: ShopifyApp, field: str) -> Secret | None:
    """A sealed secret; None when there is none or it does not open: then the new one takes its place all the same."""
    try:
        secret: Secret | None = getattr(app, field)
        return secret
    except SealError:
        return None
