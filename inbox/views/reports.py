"""The doors of the reports: the page, and its tables as files."""

from django.core.exceptions import BadRequest
from django.http import HttpResponse
from django.views.decorators.http import require_GET

from inbox import report_files, report_pages
from inbox.forms import GROUPS, ReportForm
from tenants.access import MemberRequest, requires
from tenants.roles import Permission
from versana.rendering import render_page


@require_GET
@requires(Permission.SEE_REPORTS)
def reports(request: MemberRequest) -> HttpResponse:
    """How much mail, how soon answered, how long open."""
    form = ReportForm(request.GET)
    page = report_pages.report_page(request.visit, form)
    return render_page(request, "inbox/reports.html", page, status=422 if form.errors else 200)


@require_GET
@requires(Permission.SEE_REPORTS)
def export(request: MemberRequest) -> HttpResponse:
    """One table as a file."""
    form, table = ReportForm(request.GET), request.GET.get("table", "day")
    if not form.is_valid() or table not in {"day", *dict(GROUPS)}:
        raise BadRequest("no such days, or no such table")
    workspace = request.visit.workspace
    period = form.period(workspace.time_zone)
    response = HttpResponse(report_files.csv_of(table, period), content_type="text/csv; charset=utf-8")
    name = f"{workspace.slug}-by-{table}-{period.first:%Y-%m-%d}-{period.last:%Y-%m-%d}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
