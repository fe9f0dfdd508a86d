"""What stands under a thread: the box for an answer, the one for a note, whom the answer goes to, what can be taken back.

What it needs (`wanted`) is read with the other facts of the thread.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import DateTimeField, OuterRef, Subquery
from django.db.models.functions import JSONObject, Now
from django.urls import reverse
from django.utils.translation import gettext as _

from inbox import drafts, looking, notes, recipients, replies
from inbox.bundles import array_of, rows_of
from inbox.cards import Addressees, Composer, ReplyBox, Undo
from inbox.drafts import Draft
from inbox.models import ContactAddress, Conversation, MailIdentity, Message, OutgoingMail, ReplyDraft
from inbox.recipients import Parent, Person, Recipients
from tenants.access import Visit
from tenants.addresses import AddressError, normalise
from tenants.models import Tenant
from tenants.names import shown
from tenants.roles import Permission

REPLY, NOTE = "reply", "note"
LINES = ("to", "cc", "bcc")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a reader asked the composer for. `given`: what stands in a form that came back, by its fields."""

    writing: str = ""  # "reply" or "note"
    everybody: bool = False
    given: Mapping[str, str] | None = None
    box: ReplyBox | None = None  # in place of the one that would be built


NOTHING_ASKED = Asked()


def composer(
    visit: Visit, conversation: Conversation, *, view: str, facts: Mapping[str, Any], asked: Asked = NOTHING_ASKED
) -> Composer | None:
    """With what this member has begun to write. None where nothing can be written. `facts`: what is `wanted`."""
    if conversation.erased_at or not visit.may(Permission.WORK_INBOX):
        return None
    kept = drafts.by_kind(rows_of(ReplyDraft, facts["begun"]))
    refused = _refused(conversation, facts)
    reply = with_draft(visit, conversation, kept[REPLY], view=view, sends=not refused)
    note = with_draft(visit, conversation, kept[NOTE], view=view, kind=NOTE)
    if asked.box is not None:
        reply, note = (asked.box, note) if asked.box.kind == REPLY else (reply, asked.box)
    addresses = _addresses(visit, conversation, view)
    return Composer(
        reply=reply,
        note=note,
        writing=asked.writing or (NOTE if kept[NOTE].text and not kept[REPLY].text else REPLY),
        addressees=_addressees(conversation, facts, kept[REPLY], asked, addresses["all"]),
        key=(asked.given or {}).get("key") or str(uuid4()),
        seen=int(facts["newest"] or 0),
        reply_url=addresses["reply"],
        note_url=addresses["note"],
        presence_url=addresses["presence"],
        saved_url=addresses["saved"],
        saved_page_url=addresses["saved_page"],
        refused=refused,
        refused_url=_settings_url(visit) if facts["writes_as"] is None else "",
        undo=_undo(facts, addresses["undo"]),
    )


def with_draft(
    visit: Visit, conversation: Conversation, draft: Draft, *, view: str, kind: str = REPLY, sends: bool = True
) -> ReplyBox:
    """A text that is kept as it stands in the box."""
    name = shown(conversation.contact.name)
    reply = _("Reply to %(name)s") % {"name": name} if name else _("Reply")
    sender = "send" if kind == REPLY else "add_note"
    return ReplyBox(
        url=_url(visit, conversation, view, "draft", kind),
        discard_url=_url(visit, conversation, view, "discard_draft", kind),
        thread_url=_url(visit, conversation, view, "thread", kind),
        send_url=_url(visit, conversation, view, sender) if sends else "",
        label=reply if kind == REPLY else _("Note to your colleagues; @Name tells somebody of it"),
        text=draft.text,
        base=draft.base,
        saved_at=draft.at,
        max_length=drafts.MAX_LENGTH if kind == REPLY else notes.MAX_LENGTH,
        kind=kind,
        writer=visit.membership.pk,
    )


def thread_url(visit: Visit, conversation: Conversation, *, view: str) -> str:
    return _url(visit, conversation, view, "thread")


def _url(visit: Visit, conversation: Conversation, view: str, name: str, kind: str = "", **more: str) -> str:
    here = {"workspace": visit.workspace.slug, "number": conversation.number}
    # A view is written as it is: it may hold filters, with their own "&" (looking.py).
    query = [f"view={view}"] if view != looking.DEFAULT else []
    query += [f"write={kind}"] if kind == NOTE else []
    query += [f"{key}={value}" for key, value in more.items()]
    return reverse(f"inbox:{name}", kwargs=here) + (f"?{'&'.join(query)}" if query else "")


def _addresses(visit: Visit, conversation: Conversation, view: str) -> dict[str, str]:
    def url(name: str, **more: str) -> str:
        return _url(visit, conversation, view, name, **more)

    return {
        "reply": f"{url('thread', write=REPLY)}#composer",
        "note": f"{url('thread', write=NOTE)}#composer",
        "all": f"{url('thread', write=REPLY, all='1')}#composer",
        "undo": url("take_back"),
        "presence": url("presence"),
        "saved": url("saved_choices"),
        "saved_page": reverse("inbox:saved_replies", kwargs={"workspace": visit.workspace.slug}),
    }


# --- What is known of the conversation -------------------------------------------------------------------------------
def wanted(visit: Visit) -> dict[str, Any]:
    """What the boxes need of a conversation, to be read with its other facts."""
    here = Message.objects.filter(conversation=OuterRef("pk"))
    parent = here.order_by("kind", "-sent_at", "-pk")  # "received" before "sent"
    waiting = OutgoingMail.objects.filter(
        message__conversation=OuterRef("pk"),
        message__writer=visit.membership,
        state=OutgoingMail.State.QUEUED,
        attempts=0,
    ).order_by("-pk")
    return {
        "begun": array_of(ReplyDraft.objects.filter(conversation=OuterRef("pk"), writer=visit.membership)),
        "newest": Subquery(here.order_by("-pk").values("pk")[:1]),
        "parent": Subquery(
            parent.values(
                json=JSONObject(
                    kind="kind", name="from_name", email="from_email", to="to", cc="cc", reply_to="reply_to"
                )
            )[:1]
        ),
        "mails": ArraySubquery(
            ContactAddress.objects.filter(contact=OuterRef("contact")).order_by("-is_main", "pk").values("email")[:1]
        ),
        "writes_as": Subquery(
            MailIdentity.objects.values(json=JSONObject(email="from_email", reply_to="reply_to"))[:1]
        ),
        "support": Subquery(Tenant.objects.filter(pk=visit.workspace.id).values("support_addresses")),
        "waits": Subquery(waiting.values("message_id")[:1]),
        "waits_until": Subquery(waiting.values("next_run_at")[:1], output_field=DateTimeField()),
        "waits_for": Subquery(waiting.values("message__to")[:1]),
        "now": Now(),
    }


def _refused(conversation: Conversation, facts: Mapping[str, Any]) -> str:
    if conversation.contact.blocked_at is not None:
        return replies.blocked()
    if facts["writes_as"] is None:
        return f"{replies.no_identity()} {_('An owner or administrator sets it under Settings, Mail.')}"
    return ""


def _settings_url(visit: Visit) -> str:
    """Where it is set as whom the workspace writes, for whoever may."""
    may = visit.may(Permission.CHANGE_SETTINGS)
    return reverse("inbox:mail", kwargs={"workspace": visit.workspace.slug}) if may else ""


def _undo(facts: Mapping[str, Any], url: str) -> Undo | None:
    if facts["waits"] is None:
        return None
    seconds = max(0, round((facts["waits_until"] - facts["now"]).total_seconds()))
    return Undo(url=url, message=facts["waits"], seconds=seconds, to=_names(_people(facts["waits_for"] or [])))


# --- Whom it goes to -------------------------------------------------------------------------------------------------
def _addressees(
    conversation: Conversation, facts: Mapping[str, Any], kept: Draft, asked: Asked, all_url: str
) -> Addressees:
    """As the form had it that came back; else as the draft keeps it; else as the mail proposes."""
    own, parent = _own(facts), _parent(facts["parent"])
    contact = (shown(conversation.contact.name), facts["mails"][0]) if facts["mails"] else None
    single = recipients.proposed(parent, own=own, contact=contact)
    whole = recipients.proposed(parent, own=own, contact=contact, everybody=True)
    chosen = whole if asked.everybody else single
    lines = {line: recipients.typed(getattr(chosen, line)) for line in LINES}
    kept_lines = {line: str(kept.recipients[line]) for line in LINES if line in kept.recipients}
    given = asked.given or (kept_lines if not asked.everybody else {})
    lines = {line: given.get(line, lines[line]) for line in LINES}
    return Addressees(
        **lines,
        sentence=sentence(lines),
        all_to=recipients.typed(whole.to),
        all_cc=recipients.typed(whole.cc),
        all_url=all_url if whole.cc else "",
        open=asked.everybody or not lines["to"],
    )


def sentence(lines: Mapping[str, str]) -> str:
    """ "Maya Lindqvist <maya@lindqvist.example>, Cc Jonas" """
    try:
        people = Recipients(*(recipients.split(lines[line]) for line in LINES))
    except recipients.BadRecipients:
        return lines["to"][:200]
    parts = [recipients.typed(people.to) if len(people.to) == 1 else _names(people.to)]
    parts += [_("Cc %(names)s") % {"names": _names(people.cc)}] if people.cc else []
    parts += [_("Bcc %(names)s") % {"names": _names(people.bcc)}] if people.bcc else []
    return ", ".join(part for part in parts if part)


def _names(people: tuple[Person, ...]) -> str:
    return ", ".join(shown(name) or address for name, address in people)


def _own(facts: Mapping[str, Any]) -> frozenset[str]:
    as_typed = [*(facts["support"] or []), *filter(None, (facts["writes_as"] or {}).values())]
    return frozenset(norm for norm in map(_norm, as_typed) if norm)


def _norm(address: str) -> str:
    try:
        return normalise(address)
    except AddressError:
        return ""


def _parent(found: dict[str, Any] | None) -> Parent | None:
    if found is None:
        return None
    return Parent(
        received=found["kind"] == Message.Kind.RECEIVED,
        sender=(found["name"], found["email"]),
        to=_people(found["to"]),
        cc=_people(found["cc"]),
        reply_to=_people(found["reply_to"]),
    )


def _people(pairs: list[list[str]]) -> tuple[Person, ...]:
    return tuple((str(name), str(address)) for name, address in pairs)
