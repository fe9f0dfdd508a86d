"""The page that a workspace begins with."""

from django.http import HttpResponse
from django.views.decorators.http import require_GET

from inbox import home as page_of_home
from tenants.access import MemberRequest, requires
from tenants.roles import Permission
from versana.rendering import render_page


@require_GET
@requires(Permission.READ_INBOX)
def home(request: MemberRequest) -> HttpResponse:
    """What waits for this person, and what wants attention."""
    return render_page(request, "inbox/home.html", page_of_home.home_page(request.visit))
