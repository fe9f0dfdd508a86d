"""What the server sends back, as values."""

import json
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Response:
    status: int
    body: bytes = b""
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    # The connection closes without an answer.
    drop: bool = False
    # A Content-Length that is not the body's: the connection closes after the body.
    declared: int | None = None


def json_response(status: int, body: Any) -> Response:
    return Response(status, json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode())


def page(html: str, status: int = 200, *, form_target: str = "") -> Response:
    """A page. Browsers check a form's redirect against form-action too, so the app's address must be in it."""
    policy = f"default-src 'none'; style-src 'self'; form-action 'self' {form_target}".rstrip()
    headers = {
        "Content-Security-Policy": f"{policy}; base-uri 'none'; frame-ancestors 'none'",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }
    return Response(status, html.encode(), "text/html; charset=utf-8", headers)


def redirect(address: str, status: int = 302) -> Response:
    return Response(
        status, b"", "text/plain", {"Location": address, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    )
