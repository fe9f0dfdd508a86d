"""What staff do here, on record: every sign-in, every page, every change. The role may add rows and change none."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any

from django.http import HttpRequest, HttpResponse

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


class PageRecordMiddleware:
    """Before a page is made its row is written: a page that cannot be put on record is not shown."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: object, args: object, kwargs: dict[str, Any]) -> None:
        match = request.resolver_match
        if match is None or "admin" not in match.app_names or not request.user.is_authenticated:
            return
        act = Act.SIGNED_OUT if match.url_name == "logout" else Act.PAGE_OPENED
        page = f"{match.url_name} {kwargs.get('object_id', '')}".strip()
        query = {name: request.GET[name][:200].replace("\x00", "") for name in request.GET}
        asked = {"query": query} if query else {}
        record(act, user_id=request.user.pk, target=page.replace("\x00", ""), method=request.method, **asked)
