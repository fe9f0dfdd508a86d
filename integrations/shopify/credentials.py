"""The installation's own Shopify app: its id and its secrets, from the environment."""

from dataclasses import dataclass

from django.conf import settings

from integrations.errors import IntegrationError
from tenants.crypto.secret import Secret


@dataclass(frozen=True, slots=True)
class App:
    """`secrets` are those that signatures are checked with: the current one and, while it is being rotated, the previous."""

    client_id: str
    client_secret: Secret
    secrets: tuple[Secret, ...]


class NoApp(IntegrationError):
    """SHOPIFY_CLIENT_ID or SHOPIFY_CLIENT_SECRET is not set."""

    code = "no_app"
    text = "This installation has no Shopify app."
    permanent = True


def installation_app() -> App:
    """Raises NoApp when the installation has none yet."""
    if not (settings.SHOPIFY_CLIENT_ID and settings.SHOPIFY_CLIENT_SECRET):
        raise NoApp
    current = Secret(settings.SHOPIFY_CLIENT_SECRET)
    previous = settings.SHOPIFY_PREVIOUS_CLIENT_SECRET
    return App(settings.SHOPIFY_CLIENT_ID, current, (current, Secret(previous)) if previous else (current,))
