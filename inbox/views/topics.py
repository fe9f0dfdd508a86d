"""An agent's word on what a conversation is about."""

from django import forms
from django.core.exceptions import BadRequest
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from inbox import chips, labels
from inbox.models import ConversationTopic
from inbox.views import finding
from tenants.access import MemberRequest, requires
from tenants.roles import Permission
from versana.rendering import render_page


class TopicForm(forms.Form):
    topic = forms.ChoiceField(choices=ConversationTopic.Topic.choices)
    holds = forms.ChoiceField(choices=[("yes", "yes"), ("no", "no")])


@require_POST
@requires(Permission.WORK_INBOX)
def topics(request: MemberRequest, number: int) -> HttpResponse:
    """Add a topic or take one away. By htmx the chips come back; without it, the conversation."""
    form, view = TopicForm(request.POST), finding.view_of(request)
    found = finding.conversation(number)
    if not form.is_valid():
        raise BadRequest("no such topic")
    said = form.cleaned_data
    labels.correct(conversation=found, topic=said["topic"], holds=said["holds"] == "yes", by=request.visit.membership)
    if request.htmx:  # type: ignore[attr-defined]
        bar = chips.topic_bar(request.visit, found, view=view, changed=True)
        return render_page(request, "inbox/_topics.html", bar)
    thread = reverse("inbox:thread", kwargs={"workspace": request.visit.workspace.slug, "number": number})
    return redirect(f"{thread}?view={view}")
