"""The address that a mail provider calls to say how far our mails got."""

import logging

from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseForbidden
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from inbox import tracking
from tenants.access import public

log = logging.getLogger("versana.mail")


@csrf_exempt
@require_http_methods(["POST", "HEAD"])
@public("The mail provider calls it; what comes is signed or has the password that we gave it, or nothing is noted.")
def receive(request: HttpRequest) -> HttpResponse:
    if request.method == "HEAD":  # some providers try the address before they keep it
        return HttpResponse()
    try:
        noted = tracking.receive(request)
    except tracking.NotConfigured:
        raise Http404 from None
    except tracking.NotTheProvider:
        log.info("tracking refused: not the provider's")
        return HttpResponseForbidden("not the provider's\n", content_type="text/plain")
    except OperationalError:
        log.warning("tracking put off: the database did not answer in time")
        return HttpResponse("busy\n", status=503, content_type="text/plain", headers={"Retry-After": "60"})
    return HttpResponse(f"{noted} noted\n", content_type="text/plain")
