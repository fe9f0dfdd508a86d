"""One attempt to hand a webhook over: a second to connect, five in all, no redirect followed."""

import base64
import hashlib
import hmac
import http.client
import ssl
import time
from collections.abc import Mapping
from urllib.parse import urlsplit

CONNECT_SECONDS = 1.0
TOTAL_SECONDS = 5.0


def signature(body: bytes, secret: str) -> str:
    """`X-Shopify-Hmac-Sha256`: of the raw body, and of nothing else."""
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def post(uri: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, str | None]:
    """The status of the answer and no error, or 0 and what went wrong."""
    address = urlsplit(uri)
    started = time.monotonic()
    path = (address.path or "/") + (f"?{address.query}" if address.query else "")
    try:
        connection = _connection(address.scheme, address.hostname or "", address.port)
    except ValueError:
        return 0, "the address is wrong"
    try:
        connection.connect()
        connection.sock.settimeout(max(0.1, TOTAL_SECONDS - (time.monotonic() - started)))
        connection.request("POST", path, body=body, headers=dict(headers))
        answer = connection.getresponse()
        answer.read(65_536)
        return answer.status, None
    except TimeoutError:
        return 0, "no answer in time"
    except (OSError, http.client.HTTPException) as error:
        return 0, type(error).__name__
    finally:
        connection.close()


def _connection(scheme: str, host: str, port: int | None) -> http.client.HTTPConnection:
    if scheme == "https":
        return http.client.HTTPSConnection(host, port, timeout=CONNECT_SECONDS, context=ssl.create_default_context())
    return http.client.HTTPConnection(host, port, timeout=CONNECT_SECONDS)
