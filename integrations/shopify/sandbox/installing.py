"""Installation from Shopify's side: the App Store, or the app in the admin, sends the browser to the app's own address.

App Store requirement 2.3.1 wants public apps to be installed like this. The request carries shop, timestamp and host,
signed as an OAuth callback is; which other parameters Shopify adds is not settled, so an app must not rely on the list.
"""

import base64
import time
from urllib.parse import urlsplit

from integrations.shopify.sandbox.clients import Client, ClientError
from integrations.shopify.sandbox.signing import signed_query
from integrations.shopify.sandbox.stores import Store


def host_of(store: Store) -> str:
    """`host` as Shopify gives it: the admin's address of the store, in base64 without padding."""
    return base64.b64encode(f"admin.shopify.com/store/{store.handle}".encode()).decode().rstrip("=")


def install_url(store: Store, client: Client) -> str:
    """Where Shopify sends the browser of somebody who installs or opens the app. ClientError without an app address."""
    if not client.app_url:
        raise ClientError(f"The app {client.client_id!r} has no app_url; set it with --app-url or apps/configure.")
    # The real clock, not the sandbox's: the app compares it with its own.
    parameters = {"shop": store.domain, "host": host_of(store), "timestamp": str(int(time.time()))}
    separator = "&" if urlsplit(client.app_url).query else "?"
    return f"{client.app_url}{separator}{signed_query(parameters, client.signing_secret)}"
