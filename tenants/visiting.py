"""A person's workspace on pages that belong to none: which one they are in, for the frame around the page."""

from django.http import HttpRequest

from tenants import second_factors
from tenants.access import Visit
from tenants.doors import workspaces_of
from tenants.models import Membership
from tenants.rls.context import tenant_context


def visit_of(request: HttpRequest, slug: str) -> Visit | None:
    """The person's own workspace of that name, or the only one they have. None for everybody who could not enter it."""
    if not request.user.is_authenticated:
        return None
    person = int(request.user.pk)
    workspaces = workspaces_of(person)
    mine = [each for each in workspaces if each.erase_after is None]
    found = next((each for each in mine if each.slug == slug), mine[0] if len(mine) == 1 else None)
    if found is None or (found.requires_second_factor and not second_factors.has_one(person)):
        return None
    with tenant_context(found.id):
        membership = Membership.objects.filter(pk=found.membership_id).first()
    if membership is None:  # removed a moment ago
        return None
    membership.user = request.user
    return Visit(workspace=found, workspaces=workspaces, membership=membership)
