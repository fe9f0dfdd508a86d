"""The product's paths, and an empty page: same middleware, session, transaction and base template, nothing in it."""

from django.http import HttpResponse
from django.urls import include, path
from django.views.decorators.http import require_GET

from tenants.access import MemberRequest, requires
from tenants.roles import Permission
from versana.rendering import render_page


@require_GET
@requires(Permission.READ_INBOX)
def empty(request: MemberRequest) -> HttpResponse:
    return render_page(request, "base.html", None)


urlpatterns = [path("<slug:workspace>/empty/", empty), path("", include("versana.urls"))]
