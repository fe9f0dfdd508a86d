"""The doors of the audit log: the page, and the log as a file."""

from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from tenants import audit, audit_chain, audit_file
from tenants.access import MemberRequest, requires
from tenants.forms.audit import AuditFilter
from tenants.pages import audit as pages
from tenants.roles import Permission
from versana.rendering import render_page


@require_GET
@requires(Permission.SEE_AUDIT)
def log(request: MemberRequest) -> HttpResponse:
    """Settings -> Audit log."""
    form = AuditFilter(request.GET, actors=pages.actors())
    try:
        page = pages.audit_page(request.visit, form, after=request.GET.get("after", ""))
    except ValueError:
        raise Http404 from None
    return render_page(request, "tenants/audit.html", page, status=422 if form.errors else 200)


@require_POST
@requires(Permission.SEE_AUDIT)
def export(request: MemberRequest) -> StreamingHttpResponse:
    """The whole log as a file that verifies itself. POST, because taking it away is on record; no redirect, it is the answer.

    The lines are read after this transaction has ended, each batch in one of its own: the row that says who took the file
    is in it, not yet sealed.
    """
    workspace = request.visit.workspace
    audit.record(
        audit.Action.AUDIT_EXPORTED,
        by=request.visit.membership,
        target=workspace.slug,
        length=audit_chain.head().length,
    )
    response = StreamingHttpResponse(
        audit_file.lines(tenant_id=workspace.id, slug=workspace.slug), content_type="application/jsonl; charset=utf-8"
    )
    name = f"{workspace.slug}-audit-{timezone.localdate():%Y-%m-%d}.jsonl"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
