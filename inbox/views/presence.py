"""Who else has this conversation before them: asked every few seconds by an open page."""

from django.http import Http404, HttpResponse, JsonResponse
from django.views.decorators.http import require_POST

from inbox import presence
from inbox.models import Conversation
from tenants.access import MemberRequest, requires
from tenants.roles import Permission


@require_POST
@requires(Permission.WORK_INBOX)
def look(request: MemberRequest, number: int) -> HttpResponse:
    """Say that one looks (`typing`: and writes; `gone`: no longer), and hear of the others in words. POST, as it is noted."""
    by = request.visit.membership
    if "gone" in request.POST:
        presence.leave(number=number, by=by)
        return HttpResponse(status=204)
    try:
        others = presence.look(number=number, by=by, typing="typing" in request.POST)
    except Conversation.DoesNotExist:
        raise Http404 from None
    said = presence.words(others)
    if said == request.POST.get("said", ""):
        return HttpResponse(status=204)
    return JsonResponse({"words": said, "typing": any(each.typing for each in others)})
