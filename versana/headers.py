"""Headers that no other middleware sets on every answer, and the refusal of bodies that are too large."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

# Pages use none of what a browser could ask its person for; signing in with a passkey is allowed where we are the page.
PERMISSIONS = (
    "accelerometer=(), autoplay=(), browsing-topics=(), camera=(), display-capture=(), encrypted-media=(), "
    "fullscreen=(), geolocation=(), gyroscope=(), hid=(), idle-detection=(), local-fonts=(), magnetometer=(), microphone=(), "
    "midi=(), payment=(), picture-in-picture=(), publickey-credentials-create=(self), publickey-credentials-get=(self), "
    "screen-wake-lock=(), serial=(), usb=(), xr-spatial-tracking=()"
)


class HeadersMiddleware:
    """Outside of all but the CSP's. Nothing is kept by a cache unless its view says so: most pages are about people, and a
    forgotten one would be too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.setdefault("Permissions-Policy", PERMISSIONS)
        response.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.setdefault("Cache-Control", "private, no-store")
        # Django's own middleware is an inner one, and misses what others refuse.
        response.setdefault("X-Frame-Options", settings.X_FRAME_OPTIONS)
        return response


class BodyLimitMiddleware:
    """Refuses a body that is too large by what is announced, before a byte is read and without asking what may be away.

    Django limits the fields of a form alone; files it would take to any size, into temporary ones, before any view is asked.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if _announced(request) > _limit(request):
            return HttpResponse(render_to_string("413.html"), status=413)
        return self.get_response(request)


def _limit(request: HttpRequest) -> int:
    """Mail is larger than anything a page is sent. Its doors ask for their secret before they read."""
    limit: int = settings.MAIL_BODY_LIMIT if request.path_info.startswith("/mail/in/") else settings.BODY_LIMIT
    return limit


def _announced(request: HttpRequest) -> int:
    """Without an announcement Django reads no body at all (WSGIRequest)."""
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0
