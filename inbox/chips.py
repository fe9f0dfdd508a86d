"""The topics in a conversation's head: a chip each, what takes one away, and the menu that adds one."""

from collections.abc import Mapping
from typing import Any

from django.db.models import OuterRef
from django.urls import reverse
from django.utils.translation import gettext as _

from inbox import labels
from inbox.bundles import array_of, rows_of
from inbox.cards import TopicBar, TopicChip, TopicChoice
from inbox.models import Conversation, ConversationTopic
from tenants.access import Visit
from tenants.roles import Permission
from versana.moments import stamp

Topic = ConversationTopic.Topic
_SAYER = ("confirmed_by__user",)


def wanted() -> dict[str, Any]:
    """What the bar shows of a conversation, to be read with its other facts."""
    return {"spoken_topics": array_of(ConversationTopic.objects.filter(conversation=OuterRef("pk")), people=_SAYER)}


def topic_bar(
    visit: Visit,
    conversation: Conversation,
    *,
    view: str,
    changed: bool = False,
    facts: Mapping[str, Any] | None = None,
) -> TopicBar:
    """The topics as they stand. `changed`: somebody has just pressed one of its buttons, which is gone, so focus needs a place.
    `facts`: what is `wanted`, where it was read already."""
    if facts is None:
        facts = Conversation.objects.filter(pk=conversation.pk).values(**wanted()).get()
    rows = rows_of(ConversationTopic, facts["spoken_topics"], people=_SAYER)
    held = labels.shown(rows)
    denied = {row.topic: row for row in rows if row.confirmed is False}
    url = reverse("inbox:topics", kwargs={"workspace": visit.workspace.slug, "number": conversation.number})
    there = {row.topic for row in held}
    return TopicBar(
        url=f"{url}?view={view}" if visit.may(Permission.WORK_INBOX) else "",
        chips=tuple(
            TopicChip(row.topic, str(Topic(row.topic).label), _source(row), bool(row.confirmed)) for row in held
        ),
        choices=tuple(
            TopicChoice(topic, str(topic.label), _said(denied[topic]) if topic in denied else "")
            for topic in Topic
            if topic not in there
        ),
        changed=changed,
    )


def _source(row: ConversationTopic) -> str:
    if row.confirmed:
        return _said(row)
    return _("Recognised by rules, confidence %(percent)s %%") % {"percent": round(100 * (row.confidence or 0))}


def _said(row: ConversationTopic) -> str:
    if row.confirmed_by is None or row.confirmed_at is None:
        return ""
    said = {"name": row.confirmed_by.user.display_name, "when": stamp(row.confirmed_at)}
    return _("Set by %(name)s, %(when)s") % said if row.confirmed else _("Taken away by %(name)s, %(when)s") % said
