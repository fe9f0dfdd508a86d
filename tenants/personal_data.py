"""What this package and the frameworks below it keep about people; exports and mails that wait, when somebody is erased."""

import email
import email.policy
import re
from dataclasses import replace
from email.message import EmailMessage

from django.db.models import Q, TextField
from django.db.models.functions import Cast

from tenants import exporting
from tenants.outbox.mail import MailQueued
from tenants.outbox.models import Event, QueuedMail
from tenants.personal import Counts, Kept, Package, Plain, Subject, Who
from tenants.rls.context import current_tenant_id

_MAIL_KIND = f"{MailQueued.__module__}.{MailQueued.__qualname__}"


def forget(subject: Subject, touched: bool) -> Counts:
    """Copies: exports made while the person was there, and mails of the workspace that wait and name them.

    An export of somebody of whom nothing was found is left alone, or a shop with many requests could never fetch one. Data
    that was gone before is in none that is older than a week.
    """
    exports = exporting.withdraw() if touched else 0
    return {"exports": exports, "mails that waited": _forget_mails(subject)}


def _forget_mails(subject: Subject) -> int:
    """Mails stand outside of the wall: those of this workspace are known by its events."""
    pattern = subject.mention()
    if not pattern:
        return 0
    waiting = Event.objects.filter(tenant_id=current_tenant_id(), kind=_MAIL_KIND, done_at=None)
    ids = [payload["mail_id"] for payload in waiting.values_list("payload", flat=True)]
    theirs = [
        mail.pk for mail in QueuedMail.objects.filter(pk__in=ids) if re.search(pattern, _read(mail), re.IGNORECASE)
    ]
    QueuedMail.objects.filter(pk__in=theirs).delete()
    _forget_events(subject)
    return len(theirs)


def _forget_events(subject: Subject) -> None:
    """Payloads hold ids; one that holds an address is a mistake, which is not to outlive the person. A telephone number is
    not looked for: an id of a thing can be the same digits."""
    addresses = replace(subject, phones=frozenset()).mention()
    if addresses:
        loud = Event.objects.filter(tenant_id=current_tenant_id()).annotate(words=Cast("payload", TextField()))
        loud.filter(Q(words__iregex=addresses)).delete()


def _read(mail: QueuedMail) -> str:
    """All that can be read in a mail: its envelope, its header, its texts."""
    message = email.message_from_bytes(bytes(mail.message), policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    texts = [part.get_content() for part in message.walk() if part.get_content_maintype() == "text"]
    return "\n".join([*map(str, mail.recipients), *map(str, message.values()), *texts])


_OURS, _FRAMEWORK = "A value of our own.", "Django’s own tables; nothing of ours writes people into them."
_ACCOUNT = "Deleted with the account, which goes with the last workspace it belongs to."
_RECORD = "Kept as long as the workspace: the record must show who did what. Deleted with it."
_SIGN_IN, _M = "To let them sign in, and nobody else.", Who.MEMBER

PACKAGE = Package(
    kept=(
        Kept("tenants.User", ("email", "email_norm", "name"), _M, "Name and mail address of an account", "To sign in, and to be told of what concerns it.", _ACCOUNT),
        Kept("tenants.User", ("password",), _M, "A hash of the password", _SIGN_IN, _ACCOUNT),
        Kept("account.EmailAddress", ("email",), _M, "The account’s mail addresses, and whether they are confirmed", _SIGN_IN, _ACCOUNT),
        Kept("mfa.Authenticator", ("data",), _M, "Second factors: sealed secrets, public keys, names of devices", _SIGN_IN, "Deleted by the person, and with the account."),
        Kept("sessions.Session", ("session_data",), _M, "Where a browser is signed in", _SIGN_IN, "Deleted two weeks after the sign-in, and when it is ended."),
        Kept(
            "usersessions.UserSession", ("ip", "user_agent", "session_key", "data"), _M, "Address and kind of browser of each sign-in that is not over",
            "To show people where they are signed in, and to let them end it.", "Deleted with the session.",
        ),
        Kept("tenants.Invitation", ("email", "email_norm"), _M, "The address of somebody who was invited", "To let them in, and to show who was asked.", "Deleted with the workspace."),
        Kept("tenants.AuditEvent", ("actor_name", "target", "detail", "before", "after"), _M, "Who of the workspace did what; invited people by their address. Of customers Shopify’s number alone", "To account for what was done.", _RECORD),
        Kept("tenants.AuditEvent", ("client",), _M, "Whether somebody came by IPv4 or IPv6; the address itself is not kept", "To account for what was done.", _RECORD),
        Kept("tenants.Tenant", ("name", "support_addresses", "changed_by", "closed_by"), _M, "The workspace’s name, its addresses, and who changed it last", "To tell the shop’s mail from others’, and to show who changed what.", "Changed by an owner; deleted with the workspace."),
        Kept("tenants.Switch", ("changed_by",), _M, "Who of the platform threw a switch", "To account for it.", "Overwritten by the next change."),
        Kept("tenants.StaffAction", ("target", "detail", "client"), _M, "What staff of the platform did; addresses of clients as hashes", "To account for what was done.", "Deleted after 400 days."),
        Kept("tenants.CacheRow", ("cache_key", "value"), _M, "How often an address or an account tried to sign in", "To slow down whoever guesses passwords.", "Deleted within a day."),
        Kept("tenants.ExportPart", ("content",), Who.CONTACT, "A copy of the whole workspace, for its owner to take away", "An owner asked for it.", "Deleted after a week, and when a contact is erased."),
        Kept("outbox.QueuedMail", ("message", "sender", "recipients"), _M, "Mails of ours that have not left yet", "To be sent.", "Deleted as soon as they are handed over; those that name a contact when the contact is erased."),
        Kept("tenants.ErasedAddress", ("address_hash",), Who.CONTACT, "A hash, with the installation’s key, of an address that was erased", "So that an older mail or mailbox does not bring the person back.", "Deleted with the workspace."),
        Kept("admin.LogEntry", ("object_id", "object_repr", "change_message"), _M, "Django’s own log of its administration, which the product leaves empty", "It comes with Django.", "Deleted by whoever runs the installation."),
    ),
    plain=(
        Plain("tenants.Membership", ("role",), _OURS),
        Plain("tenants.Invitation", ("role",), _OURS),
        Plain("tenants.Invitation", ("token_hash",), "A hash of a word that is in the mail alone."),
        Plain("tenants.AuditEvent", ("actor_role", "action"), _OURS),
        Plain("tenants.AuditSeal", ("previous", "hash"), "Hashes of whole events, each with the one before it."),
        Plain("tenants.Export", ("state",), _OURS),
        Plain("tenants.FirstRun", ("token_hash",), "A hash of a word that the console showed once."),
        Plain("tenants.Switch", ("name", "reason"), "What was switched, and why."),
        Plain("tenants.StaffAction", ("action",), _OURS),
        Plain("tenants.Tenant", ("slug", "time_zone"), "The workspace’s address and clock."),
        Plain("tenants.Tombstone", ("slug", "rows", "audit_head"), "An erased workspace’s address, and numbers."),
        Plain("tenants.Counter", ("noun",), _OURS),
        Plain("outbox.Event", ("kind", "payload", "queue", "last_error"), "Names of classes and ids."),
        Plain("auth.Permission", ("name", "codename"), _FRAMEWORK),
        Plain("auth.Group", ("name",), _FRAMEWORK),
        Plain("contenttypes.ContentType", ("app_label", "model"), _FRAMEWORK),
        Plain("sessions.Session", ("session_key",), "A random word."),
        Plain("account.EmailConfirmation", ("key",), "A random word."),
        Plain("mfa.Authenticator", ("type",), "A kind of factor."),
    ),
    forget=forget,
)  # fmt: skip
