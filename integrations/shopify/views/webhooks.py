"""The address that Shopify calls. It answers before anything is done that could wait."""

import logging

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from integrations.shopify import webhooks
from integrations.shopify.deliveries import MAX_BODY, Refused
from tenants.access import public

log = logging.getLogger("versana.shopify")


@csrf_exempt
@require_POST
@public("Shopify calls it; each body is signed, and nothing is done or stored without a valid signature.")
def receive(request: HttpRequest) -> HttpResponse:
    try:
        effect = webhooks.receive(headers=request.headers, body=_body(request))
    except Refused as refused:
        log.info("webhook refused: %s", refused.reason)
        return HttpResponse(f"{refused.reason}\n", status=refused.status, content_type="text/plain")
    except OperationalError:
        # Somebody held a row for longer than we wait, or the database is away. Nothing was stored, so Shopify sends it again.
        log.warning("webhook put off: the database did not answer in time")
        return HttpResponse("busy\n", status=503, content_type="text/plain", headers={"Retry-After": "60"})
    return HttpResponse(f"{effect or 'nothing to do'}\n", content_type="text/plain")


def _body(request: HttpRequest) -> bytes:
    """The raw body, up to the limit, also where its length was not announced. Raises Refused."""
    if not request.META.get("CONTENT_LENGTH"):
        return _unannounced(request)
    try:
        body = request.body if int(request.META["CONTENT_LENGTH"]) <= MAX_BODY else None
    except (ValueError, UnreadablePostError):
        raise Refused(400, "an unreadable body") from None
    if body is None:
        raise Refused(413, "too large")
    return body


def _unannounced(request: HttpRequest) -> bytes:
    """Chunks of a proxy's. Django reads none of them; the server says whether it knows where they end."""
    if not request.META.get("wsgi.input_terminated"):
        raise Refused(411, "no length")
    try:
        body: bytes = request.META["wsgi.input"].read(MAX_BODY + 1)
    except (OSError, ValueError):
        raise Refused(400, "an unreadable body") from None
    if len(body) > MAX_BODY:
        raise Refused(413, "too large")
    return body
