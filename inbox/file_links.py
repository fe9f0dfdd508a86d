"""Links to what came with a message: signed, for one member, one file, and five minutes. The file stays in the database.

A link is no key: whoever follows it is a member who may read the inbox all the same. It keeps an address that was copied, or
stands in somebody's history, from being of use to the next person at that browser, and tells a forged one from ours.
"""

from dataclasses import dataclass
from datetime import timedelta

from django.core import signing
from django.urls import reverse
from django.utils.http import urlencode

from tenants.access import Visit

LIFETIME = timedelta(minutes=5)
PICTURES_LIFETIME = timedelta(days=1)  # of an open page; the answer is no secret, it only must be the member's own
_FILE, _PICTURES = "inbox.file", "inbox.pictures"


class Forged(Exception):
    """Not a link of ours, or not this member's."""


@dataclass(frozen=True, slots=True)
class FileLink:
    """`shown`: as a picture in a page, not to be saved. `over`: its time is over."""

    attachment_id: int
    shown: bool
    over: bool = False


def url_of(visit: Visit, *, number: int, attachment_id: int, shown: bool = False) -> str:
    """A link to a file of the conversation with this number."""
    token = signing.dumps([visit.workspace.id, visit.membership.pk, attachment_id, shown], salt=_FILE)
    return f"{folder(visit, number=number)}?{urlencode({'link': token})}"


def folder(visit: Visit, *, number: int) -> str:
    """What every link to a file of this conversation begins with."""
    return reverse("inbox:file", kwargs={"workspace": visit.workspace.slug, "number": number})


def read(visit: Visit, token: str) -> FileLink:
    """What a link leads to. Raises Forged."""
    over = False
    try:
        said = signing.loads(token, salt=_FILE, max_age=LIFETIME)
    except signing.SignatureExpired:
        over, said = True, signing.loads(token, salt=_FILE)
    except signing.BadSignature:
        raise Forged from None
    workspace, member, attachment_id, shown = said
    if (workspace, member) != (visit.workspace.id, visit.membership.pk):
        raise Forged
    return FileLink(attachment_id, shown, over)


def asked_for_pictures(visit: Visit, message_id: int) -> str:
    """Says that this member wants to see the pictures that a message has its reader fetch: no other page can say it."""
    return signing.dumps([visit.workspace.id, visit.membership.pk, message_id], salt=_PICTURES)


def wants_pictures(visit: Visit, message_id: int, token: str) -> bool:
    try:
        said = signing.loads(token, salt=_PICTURES, max_age=PICTURES_LIFETIME)
    except signing.BadSignature:
        return False
    return bool(said == [visit.workspace.id, visit.membership.pk, message_id])


def mark_of(message_id: int) -> str:
    """By what an open page tells a message at some place of a thread from the one that has come to stand there since."""
    return signing.Signer(salt="inbox.message").signature(str(message_id))[:10]
