"""The Content-Security-Policy of every page. Part of the settings."""

from typing import Any

from csp.constants import NONCE, SELF


def content_security(sandbox_url: str | None) -> dict[str, Any]:
    """Everything from ourselves; forms may lead to Shopify's consent screen, or to that of the sandbox."""
    return {
        "DIRECTIVES": {
            "default-src": ["'none'"],
            "script-src": [SELF, NONCE],
            "style-src": [SELF],
            "img-src": [SELF, "data:"],
            "font-src": [SELF],
            "connect-src": [SELF],
            "frame-src": [SELF],
            "frame-ancestors": ["'none'"],
            "base-uri": ["'none'"],
            "object-src": ["'none'"],
            # Connect is a form that redirects to the shop's consent screen, and browsers check the redirect too.
            "form-action": [
                SELF,
                "https://*.myshopify.com",
                "https://admin.shopify.com",
                *([sandbox_url] if sandbox_url else []),
            ],
        }
    }
