"""The signature of an OAuth callback, in the form of Shopify's own JavaScript library (15.0.0, read 2026-11-22)."""

import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import quote


def _encode(text: str) -> str:
    """As URLSearchParams does, but a blank is %20: letters, digits and `*-._` stay, `~` does not."""
    return quote(text, safe="*").replace("~", "%7E")


def sign(parameters: Mapping[str, str], secret: str) -> str:
    message = "&".join(f"{_encode(key)}={_encode(parameters[key])}" for key in sorted(parameters))
    return hmac.new(secret.encode(), message.encode(), hashlib.sha256).hexdigest()


def signed_query(parameters: Mapping[str, str], secret: str) -> str:
    """The parameters and their `hmac` as a query string."""
    whole = {**parameters, "hmac": sign(parameters, secret)}
    return "&".join(f"{_encode(key)}={_encode(whole[key])}" for key in sorted(whole))
