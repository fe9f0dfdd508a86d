"""Conversations merged and split by hand. Each is a page of its own, and a form that works without scripts."""

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from inbox import merge_pages, merging
from inbox.models import Conversation
from inbox.views import finding
from tenants.access import MemberRequest, requires
from tenants.roles import Permission
from versana.rendering import render_page

MOST = 10_000


class NumberField(forms.IntegerField):
    """The number of a conversation or a contact, also as people write it: #1042."""

    def to_python(self, value: object) -> int | None:
        return super().to_python(str(value).strip().lstrip("#") if value is not None else value)


class PlacesField(forms.Field):
    """Numbers that were ticked."""

    widget = forms.MultipleHiddenInput

    def to_python(self, value: object) -> list[int]:
        given = [str(each) for each in value] if isinstance(value, list) else []
        if len(given) > MOST or not all(each.isascii() and each.isdigit() and len(each) < 19 for each in given):
            raise forms.ValidationError("no such choice")
        return [int(each) for each in given]


class MergeForm(forms.Form):
    chosen = PlacesField(required=False)
    other = NumberField(required=False, min_value=1, max_value=2**62)
    sure = forms.BooleanField(required=False)


class SplitForm(forms.Form):
    chosen = PlacesField(required=False)
    seen = forms.CharField(max_length=16)


@require_http_methods(["GET", "POST"])
@requires(Permission.WORK_INBOX)
def merge(request: MemberRequest, number: int) -> HttpResponse:
    """Choose other conversations, and make them one with this."""
    found = _living(number)
    if request.method == "GET":
        return render_page(request, "inbox/merge.html", merge_pages.merge_page(request.visit, found))
    form = MergeForm(request.POST)
    chosen = set(form.cleaned_data["chosen"] if form.is_valid() else ())
    typed = request.POST.get("other", "")[:20]
    try:
        chosen |= _other(form)
        made = merging.merge(
            numbers={found.number, *chosen}, by=request.visit.membership, sure=form.cleaned_data.get("sure", False)
        )
    except merging.NotDone as why:
        page = merge_pages.merge_page(
            request.visit,
            found,
            chosen=chosen,
            other=typed,
            asked=isinstance(why, merging.SeveralContacts),
            error=why.sentence,
        )
        return render_page(request, "inbox/merge.html", page, status=422)
    return redirect("inbox:thread", workspace=request.visit.workspace.slug, number=made.number)


@require_http_methods(["GET", "POST"])
@requires(Permission.WORK_INBOX)
def split(request: MemberRequest, number: int) -> HttpResponse:
    """Choose messages, and take them into a new conversation. `?from=3`: the third and those after it are chosen."""
    found = _living(number)
    if request.method == "GET":
        first = request.GET.get("from", "")
        begin = int(first) if first.isascii() and first.isdigit() and len(first) < 7 else 0
        chosen = range(begin, begin + MOST) if begin else ()
        return render_page(request, "inbox/split.html", merge_pages.split_page(request.visit, found, chosen=chosen))
    form = SplitForm(request.POST)
    given = form.cleaned_data["chosen"] if form.is_valid() else []
    seen = form.cleaned_data.get("seen", "")
    try:
        made = merging.split(conversation=found, positions=given, seen=seen, by=request.visit.membership)
    except merging.NotDone as why:
        kept = () if isinstance(why, merging.ChangedMeanwhile) else given
        page = merge_pages.split_page(request.visit, found, chosen=kept, error=why.sentence)
        return render_page(request, "inbox/split.html", page, status=422)
    return redirect("inbox:thread", workspace=request.visit.workspace.slug, number=made.number)


def _living(number: int) -> Conversation:
    found = finding.conversation(number)
    if found.erased_at:
        raise Http404
    return found


def _other(form: MergeForm) -> set[int]:
    """The number that was typed, as the conversation is called now. Raises NotDone."""
    if form.errors:
        raise merging.NotDone(merge_pages.NO_SUCH)
    typed = form.cleaned_data["other"]
    if typed is None:
        return set()
    try:
        return {finding.conversation(typed).number}
    except Http404:
        raise merging.NotDone(merge_pages.NO_SUCH) from None
