"""What staff do here, on record: every sign-in, every page, every change. The role may add rows and change none.

The record also says which sittings were ended: sessions are signed cookies, which nobody can take back from whoever copied
one, and the role may write no table of sessions.
"""

from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import get_random_string, salted_hmac

from tenants.models import StaffAction
from versana.observability import context


class Act(StrEnum):
    SIGN_IN_TRIED = "sign_in.tried"
    SIGN_IN_FAILED = "sign_in.failed"
    SIGNED_IN = "sign_in.done"
    SIGNED_OUT = "sign_in.ended"
    PAGE_OPENED = "page.opened"
    SENT_AGAIN = "outbox.sent_again"
    SWITCH_CHANGED = "switch.changed"


def record(act: Act, *, user_id: int | None, target: str = "", **detail: object) -> StaffAction:
    """No address and no secret in `target` and `detail`; the client by the family of its address."""
    client = str(context.current().get("client", ""))
    return StaffAction.objects.create(action=act, user_id=user_id, target=target[:200], detail=detail, client=client)


# A cookie lives no longer than this after its sitting's end: one that a request under way was still given is younger.
OLDEST = timedelta(seconds=settings.SESSION_COOKIE_AGE) + timedelta(hours=1)
SITTING = "sitting"  # of a session and of the row that ended it: from one sign-in to its end, in one browser


def begin_sitting(request: HttpRequest) -> None:
    """Somebody signed in. Who is signed in already stays in the sitting they are in."""
    request.session.setdefault(SITTING, get_random_string(22))


def is_over(request: HttpRequest) -> bool:
    """Whether this session's person has signed out of it, in whichever copy of its cookie."""
    sitting, known_since = request.session.get(SITTING), timezone.now() - OLDEST
    mine = StaffAction.objects.filter(at__gt=known_since, action=Act.SIGNED_OUT, user_id=request.user.pk)
    return sitting is None or mine.filter(detail__sitting=sitting).exists()


def without_address(asked: str) -> str:
    """What was asked, if it names nobody. Of a mail address a keyed hash, by which two questions about one can be seen."""
    if "@" not in asked and "%40" not in asked:
        return asked[:200].replace("\x00", "")
    digest = salted_hmac("versana.platform.asked", asked.strip().casefold(), algorithm="sha256").hexdigest()
    return f"an address ({digest[:16]})"


class PageRecordMiddleware:
    """Before a page is made its row is written: a page that cannot be put on record is not shown. Nor is one to a session
    whose sitting is over."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: object, args: object, kwargs: dict[str, Any]) -> None:
        match = request.resolver_match
        if match is None or "admin" not in match.app_names or not request.user.is_authenticated:
            return
        if is_over(request):
            logout(request)  # the page then asks to sign in
            return
        page = f"{match.url_name} {without_address(kwargs.get('object_id', ''))}".strip()
        if match.url_name == "logout" and request.method == "POST":
            record(Act.SIGNED_OUT, user_id=request.user.pk, target=page, sitting=request.session[SITTING])
            return
        query = {without_address(name): without_address(request.GET[name]) for name in request.GET}
        asked = {"query": query} if query else {}
        record(Act.PAGE_OPENED, user_id=request.user.pk, target=page, method=request.method, **asked)
