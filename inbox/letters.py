"""A message of ours, its files and the workspace's identity, read as the letter that goes out."""

from django.core import signing

from inbox.email.outbound import Address, File, Letter, one_line
from inbox.models import Attachment, MailIdentity, Message, OutgoingMail
from tenants.rls.context import current_tenant_id

NAME = "{name}"  # in a signature: who wrote
_SALT = "inbox.letters"


class Unsendable(Exception):
    """There is nothing that could be sent. `word`: why, as it is kept."""

    def __init__(self, word: str) -> None:
        super().__init__(word)
        self.word = word


def letter_of(row: OutgoingMail) -> Letter:
    """Raises Unsendable where nobody is written to (the contact was erased meanwhile), or as nobody."""
    message, identity = row.message, MailIdentity.objects.first()
    if identity is None:
        raise Unsendable("no_identity")
    if not (message.to or message.cc or message.bcc):
        raise Unsendable("no_receiver")
    return Letter(
        message_id=message.message_id,
        sender=Address(identity.from_email, identity.from_name),
        reply_to=identity.reply_to,
        to=_people(message.to),
        cc=_people(message.cc),
        bcc=_people(message.bcc),
        subject=message.subject,
        text=message.text,
        quoted=message.quoted,
        signature=_signature(identity, message),
        in_reply_to=message.in_reply_to,
        references=tuple(map(str, message.references)),
        files=_files(message),
        handle=handle_of(row),
    )


def handle_of(row: OutgoingMail) -> str:
    """By which a provider's tracking names the mail. It comes back before a workspace is known, so it is signed by us."""
    return signing.Signer(salt=_SALT).sign(f"{current_tenant_id()}.{row.pk}")


def named(handle: str) -> tuple[int, int] | None:
    """The workspace and the row of a handle; None for one that is not ours."""
    try:
        tenant, pk = signing.Signer(salt=_SALT).unsign(handle).split(".")
    except (signing.BadSignature, ValueError):
        return None
    return int(tenant), int(pk)


def _people(pairs: list[list[str]]) -> tuple[Address, ...]:
    return tuple(Address(str(email), str(name)) for name, email in pairs)


def _signature(identity: MailIdentity, message: Message) -> str:
    writer = message.writer.user.display_name if message.writer else identity.from_name
    return identity.signature.replace(NAME, one_line(writer))


def _files(message: Message) -> tuple[File, ...]:
    rows = Attachment.objects.filter(message=message).order_by("pk")
    return tuple(File(row.name, row.content_type, bytes(row.content)) for row in rows)
