"""Messages as files for a workspace's export, rebuilt from what is stored of them (settings.EXPORTERS).

Built with the standard library's older classes: they take any text that is in the database, where the newer ones stumble
over headers that no mail program would write and some do.
"""

import re
from collections.abc import Iterable, Iterator
from email.encoders import encode_base64
from email.header import Header
from email.message import Message as Mail
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import format_datetime

from inbox.models import Attachment, Conversation, Message
from tenants.contents import Contributor

MESSAGES_A_QUERY = 20
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
_CONTENT_TYPE = re.compile(r"([a-z0-9.+-]+)/([a-z0-9.+-]+)")


def _count() -> int:
    return int(Message.objects.count())


def _conversations(after: int, most: int) -> list[int]:
    ids = Conversation.objects.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[:most]
    return list(ids)


def files(conversations: list[int]) -> Iterator[tuple[int, str, bytes]]:
    """Their messages, oldest first."""
    of_these = Attachment.objects.filter(message__conversation__in=conversations)
    with_files, position, before = set(of_these.values_list("message_id", flat=True)), 0, 0
    for message in _messages(conversations):
        position = position + 1 if message.conversation_id == before else 1
        before = message.conversation_id
        attached = of_these.filter(message=message).order_by("pk") if message.pk in with_files else ()
        yield before, f"mail/{message.conversation.number}/{position}.eml", eml(message, attached)


def _messages(conversations: list[int]) -> Iterator[Message]:
    """A few at a time: a message can be of megabytes."""
    messages = Message.objects.filter(conversation__in=conversations).select_related("conversation")
    ordered, begun = messages.order_by("conversation_id", "sent_at", "id"), 0
    while page := list(ordered[begun : begun + MESSAGES_A_QUERY]):
        yield from page
        begun += MESSAGES_A_QUERY


def eml(message: Message, files: Iterable[Attachment] = ()) -> bytes:
    """One message as a mail."""
    mail = _with_files(_body(message), [_file(each) for each in files])
    mail["From"] = _person(message.from_name, message.from_email)
    for name, people in (("To", message.to), ("Cc", message.cc)):
        if people:
            mail[name] = ", ".join(_person(person, address) for person, address in people)
    mail["Subject"] = _words(message.subject)
    mail["Date"] = format_datetime(message.sent_at)
    mail["Message-ID"] = _id(message.message_id)
    if message.in_reply_to:
        mail["In-Reply-To"] = _id(message.in_reply_to)
    if message.references:
        mail["References"] = "\r\n ".join(_id(each) for each in message.references)
    return mail.as_bytes()


def _body(message: Message) -> Mail:
    text = MIMEText("\n\n".join(filter(None, (message.text, message.quoted))) + "\n", "plain", "utf-8")
    if not message.html:
        return text
    both = MIMEMultipart("alternative")
    both.attach(text)
    both.attach(MIMEText(message.html, "html", "utf-8"))
    return both


def _with_files(body: Mail, files: list[Mail]) -> Mail:
    if not files:
        return body
    whole = MIMEMultipart("mixed")
    for part in (body, *files):
        whole.attach(part)
    return whole


def _file(attachment: Attachment) -> Mail:
    match = _CONTENT_TYPE.fullmatch(attachment.content_type)
    # A mail in a mail would have to be written as one, and may be damaged: its name says what it is.
    kind = match.groups() if match and match[1] not in ("message", "multipart") else ("application", "octet-stream")
    part = MIMEBase(*kind)
    part.set_payload(bytes(attachment.content))
    encode_base64(part)
    disposition = "inline" if attachment.inline else "attachment"
    part.add_header("Content-Disposition", disposition, filename=("utf-8", "", _plain(attachment.name)))
    if attachment.content_id:
        part["Content-ID"] = _id(attachment.content_id)
    return part


def _person(name: str, address: str) -> str:
    plain = _plain(address)
    known = plain if plain.isascii() else _words(plain)
    return f"{_words(name)} <{known}>" if name else known


def _words(text: str) -> str:
    """As encoded words, also where plain ASCII would do: a comma or a bracket in a name is then none of the header's."""
    plain = _plain(text)
    simple = re.fullmatch(r"[A-Za-z0-9 #.:!?_-]*", plain) and "=?" not in plain
    return plain if simple else Header(plain, "utf-8", maxlinelen=70).encode(linesep="\r\n")


def _id(value: str) -> str:
    return f"<{_plain(value).encode('ascii', 'replace').decode()}>"


def _plain(text: str) -> str:
    return _CONTROL.sub(" ", text).strip()


MAILS = Contributor(count=_count, following=_conversations, files=files)
