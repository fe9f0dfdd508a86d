"""What a member was told: the list, the bell's number, and what they want by mail."""

from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from inbox import notice_pages, notice_rules, notices
from inbox.forms import NoticeRuleForm
from tenants.access import MemberRequest, requires
from tenants.roles import Permission
from versana.rendering import render_page


@require_GET
@requires(Permission.READ_INBOX)
def listed(request: MemberRequest) -> HttpResponse:
    """Everything that this member was told of, the newest first."""
    try:
        page = notice_pages.notices_page(request.visit, after=request.GET.get("after", ""))
    except ValueError:
        raise Http404 from None
    return render_page(request, "inbox/notices.html", page)


@require_GET
@requires(Permission.READ_INBOX)
def bell(request: MemberRequest) -> HttpResponse:
    """How many are unread, for the bell of a page that is open."""
    return JsonResponse(notice_pages.bell(request.visit))


@require_POST
@requires(Permission.READ_INBOX)
def read(request: MemberRequest) -> HttpResponse:
    """All of them are read."""
    notices.read_all(by=request.visit.membership)
    return redirect("inbox:notices", workspace=request.visit.workspace.slug)


@require_http_methods(["GET", "POST"])
@requires(Permission.READ_INBOX)
def rules(request: MemberRequest) -> HttpResponse:
    """What this member is told by mail, and when not."""
    visit = request.visit
    form = NoticeRuleForm(initial=notice_pages.initial(notice_rules.of(visit.membership)))
    if request.method == "POST":
        form = NoticeRuleForm(request.POST)
        if form.is_valid():
            notice_rules.change(rule=form.rule(), by=visit.membership)
            return redirect(reverse("inbox:notice_rules", kwargs={"workspace": visit.workspace.slug}) + "?saved=1")
    page = notice_pages.rules_page(visit, form, saved="saved" in request.GET)
    return render_page(request, "inbox/notice_rules.html", page, status=422 if form.errors else 200)
