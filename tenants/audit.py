"""What happened: one row in the transaction of the change it tells of. The vocabulary of actions stands here, with its words."""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tenants.models import AuditEvent, Membership
from versana.observability import context

Values = Mapping[str, object]


class Action(StrEnum):
    WORKSPACE_OPENED = "workspace.opened"
    WORKSPACE_CHANGED = "workspace.changed"
    WORKSPACE_CLOSED = "workspace.closed"
    WORKSPACE_REOPENED = "workspace.reopened"
    SECOND_FACTOR_REQUIRED = "security.second_factor_required"
    SECOND_FACTOR_OPTIONAL = "security.second_factor_optional"
    SECOND_FACTOR_REMOVED = "security.second_factor_removed"
    SECOND_FACTOR_RESET = "security.second_factor_reset"  # of one member, by the operator
    MEMBER_ADDED = "member.added"
    MEMBER_INVITED = "member.invited"
    INVITATION_RESENT = "invitation.resent"
    INVITATION_REVOKED = "invitation.revoked"
    INVITATION_ACCEPTED = "invitation.accepted"
    MEMBER_ROLE_CHANGED = "member.role_changed"
    MEMBER_REMOVED = "member.removed"
    MEMBER_LEFT = "member.left"
    HANDOVER_OFFERED = "ownership.offered"
    HANDOVER_ACCEPTED = "ownership.handed_over"
    HANDOVER_ENDED = "ownership.offer_ended"
    EXPORT_REQUESTED = "export.requested"
    EXPORT_FETCHED = "export.fetched"
    EXPORT_DELETED = "export.deleted"
    AUDIT_EXPORTED = "audit.exported"
    STORE_CONNECTED = "store.connected"
    STORE_RECONNECTED = "store.reconnected"
    STORE_DISCONNECTED = "store.disconnected"
    STORE_UNINSTALLED = "store.uninstalled"
    STORE_SCOPES_CHANGED = "store.scopes_changed"
    STORE_APP_ADDED = "store_app.added"
    STORE_APP_CHANGED = "store_app.changed"
    STORE_APP_REMOVED = "store_app.removed"
    DATA_REQUEST_RECEIVED = "compliance.data_request_received"
    DATA_REQUEST_FETCHED = "compliance.data_request_fetched"
    DATA_REQUEST_DONE = "compliance.data_request_done"
    CUSTOMER_REDACTED = "compliance.customer_redacted"
    STORE_REDACTED = "compliance.store_redacted"
    CONTACT_ERASURE_ASKED = "contact.erasure_asked"
    CONTACT_ERASED = "contact.erased"
    CONTACT_CHANGED = "contact.changed"
    CONTACT_BLOCKED = "contact.blocked"
    CONTACT_UNBLOCKED = "contact.unblocked"
    CONTACTS_MERGED = "contact.merged"
    CUSTOMER_LINKED = "contact.customer_linked"
    CUSTOMER_UNLINKED = "contact.customer_unlinked"
    ORDER_CONFIRMED = "contact.order_confirmed"
    ORDER_CONFIRMATION_WITHDRAWN = "contact.order_confirmation_withdrawn"
    CUSTOMERS_RULED_OUT = "contact.customers_ruled_out"
    CUSTOMERS_RECONSIDERED = "contact.customers_reconsidered"
    ORDER_RULED_OUT = "contact.order_ruled_out"
    ORDER_RECONSIDERED = "contact.order_reconsidered"
    TAG_DELETED = "tag.deleted"
    MAIL_IDENTITY_CHANGED = "mail.identity_changed"
    MAIL_SETTLED = "mail.settled"
    MAIL_RETRIED = "mail.retried"
    MAILBOX_ADDED = "mailbox.added"
    MAILBOX_REMOVED = "mailbox.removed"
    REFUSED_MAIL_RETRIED = "refused_mail.retried"
    REFUSED_MAIL_FETCHED = "refused_mail.fetched"
    REFUSED_MAIL_DELETED = "refused_mail.deleted"
    NOTE_DELETED = "note.deleted"
    SAVED_REPLY_ADDED = "saved_reply.added"
    SAVED_REPLY_CHANGED = "saved_reply.changed"
    SAVED_REPLY_DELETED = "saved_reply.deleted"


class Group(TextChoices):
    """What an action is about: the first filter of the audit page."""

    WORKSPACE = "workspace", _("Workspace")
    PEOPLE = "people", _("People")
    SECURITY = "security", _("Security")
    STORES = "stores", _("Stores")
    DATA = "data", _("Data taken away")
    CONTACTS = "contacts", _("Contacts and customers")


class Words(NamedTuple):
    """A sentence about whoever acted: their name stands before it."""

    group: Group
    sentence: str | Promise


WORDS: dict[Action, Words] = {
    Action.WORKSPACE_OPENED: Words(Group.WORKSPACE, _("opened the workspace")),
    Action.WORKSPACE_CHANGED: Words(Group.WORKSPACE, _("changed the workspace’s settings")),
    Action.WORKSPACE_CLOSED: Words(Group.WORKSPACE, _("closed the workspace")),
    Action.WORKSPACE_REOPENED: Words(Group.WORKSPACE, _("opened the workspace again")),
    Action.SECOND_FACTOR_REQUIRED: Words(Group.SECURITY, _("made a second factor a rule for everybody")),
    Action.SECOND_FACTOR_OPTIONAL: Words(Group.SECURITY, _("lifted the rule that everybody needs a second factor")),
    Action.SECOND_FACTOR_REMOVED: Words(Group.SECURITY, _("removed their second factor, which the workspace asks for")),
    Action.SECOND_FACTOR_RESET: Words(Group.SECURITY, _("reset the second factor of a member")),
    Action.MEMBER_ADDED: Words(Group.PEOPLE, _("added a member")),
    Action.MEMBER_INVITED: Words(Group.PEOPLE, _("invited somebody")),
    Action.INVITATION_RESENT: Words(Group.PEOPLE, _("sent an invitation again")),
    Action.INVITATION_REVOKED: Words(Group.PEOPLE, _("revoked an invitation")),
    Action.INVITATION_ACCEPTED: Words(Group.PEOPLE, _("accepted an invitation")),
    Action.MEMBER_ROLE_CHANGED: Words(Group.PEOPLE, _("changed a member’s role")),
    Action.MEMBER_REMOVED: Words(Group.PEOPLE, _("removed a member")),
    Action.MEMBER_LEFT: Words(Group.PEOPLE, _("left the workspace")),
    Action.HANDOVER_OFFERED: Words(Group.PEOPLE, _("offered the ownership")),
    Action.HANDOVER_ACCEPTED: Words(Group.PEOPLE, _("took over the ownership")),
    Action.HANDOVER_ENDED: Words(Group.PEOPLE, _("ended an offer of the ownership")),
    Action.EXPORT_REQUESTED: Words(Group.DATA, _("asked for an export of all data")),
    Action.EXPORT_FETCHED: Words(Group.DATA, _("downloaded an export")),
    Action.EXPORT_DELETED: Words(Group.DATA, _("deleted an export")),
    Action.AUDIT_EXPORTED: Words(Group.DATA, _("downloaded the audit log")),
    Action.STORE_CONNECTED: Words(Group.STORES, _("connected a store")),
    Action.STORE_RECONNECTED: Words(Group.STORES, _("connected a store anew")),
    Action.STORE_DISCONNECTED: Words(Group.STORES, _("disconnected a store")),
    Action.STORE_UNINSTALLED: Words(Group.STORES, _("found that the app was uninstalled in Shopify")),
    Action.STORE_SCOPES_CHANGED: Words(Group.STORES, _("found that a store’s permissions changed")),
    Action.STORE_APP_ADDED: Words(Group.STORES, _("added a Shopify app")),
    Action.STORE_APP_CHANGED: Words(Group.STORES, _("changed a Shopify app")),
    Action.STORE_APP_REMOVED: Words(Group.STORES, _("removed a Shopify app")),
    Action.DATA_REQUEST_RECEIVED: Words(Group.DATA, _("took a customer’s request for their data from Shopify")),
    Action.DATA_REQUEST_FETCHED: Words(Group.DATA, _("downloaded the data of a customer")),
    Action.DATA_REQUEST_DONE: Words(Group.DATA, _("finished a customer’s request for their data")),
    Action.CUSTOMER_REDACTED: Words(Group.DATA, _("erased a customer’s data at Shopify’s request")),
    Action.STORE_REDACTED: Words(Group.DATA, _("erased a store’s data at Shopify’s request")),
    Action.CONTACT_ERASURE_ASKED: Words(Group.DATA, _("asked for a contact to be erased")),
    Action.CONTACT_ERASED: Words(Group.DATA, _("erased a contact at an owner’s request")),
    Action.CONTACT_CHANGED: Words(Group.CONTACTS, _("changed what is kept of a contact")),
    Action.CONTACT_BLOCKED: Words(Group.CONTACTS, _("blocked a contact")),
    Action.CONTACT_UNBLOCKED: Words(Group.CONTACTS, _("unblocked a contact")),
    Action.CONTACTS_MERGED: Words(Group.CONTACTS, _("merged two contacts into one")),
    Action.CUSTOMER_LINKED: Words(Group.CONTACTS, _("linked a contact with a customer of a store")),
    Action.CUSTOMER_UNLINKED: Words(Group.CONTACTS, _("took a contact’s link with a customer away")),
    Action.ORDER_CONFIRMED: Words(Group.CONTACTS, _("confirmed that an order is a contact’s")),
    Action.ORDER_CONFIRMATION_WITHDRAWN: Words(Group.CONTACTS, _("withdrew that an order is a contact’s")),
    Action.CUSTOMERS_RULED_OUT: Words(Group.CONTACTS, _("said which customers of a store a contact is not")),
    Action.CUSTOMERS_RECONSIDERED: Words(Group.CONTACTS, _("took back which customers a contact is not")),
    Action.ORDER_RULED_OUT: Words(Group.CONTACTS, _("said that an order is not a contact’s")),
    Action.ORDER_RECONSIDERED: Words(Group.CONTACTS, _("took back that an order is not a contact’s")),
    Action.TAG_DELETED: Words(Group.WORKSPACE, _("deleted a tag")),
    Action.MAIL_IDENTITY_CHANGED: Words(Group.WORKSPACE, _("changed as whom the workspace writes")),
    Action.MAIL_SETTLED: Words(Group.CONTACTS, _("said what became of a mail that was not known to be sent")),
    Action.MAIL_RETRIED: Words(Group.CONTACTS, _("had a mail sent that had failed")),
    Action.MAILBOX_ADDED: Words(Group.WORKSPACE, _("added a mailbox that mail is fetched from")),
    Action.MAILBOX_REMOVED: Words(Group.WORKSPACE, _("removed a mailbox that mail was fetched from")),
    Action.REFUSED_MAIL_RETRIED: Words(Group.WORKSPACE, _("had a mail filed again that could not be filed")),
    Action.REFUSED_MAIL_FETCHED: Words(Group.DATA, _("downloaded a mail that could not be filed")),
    Action.REFUSED_MAIL_DELETED: Words(Group.DATA, _("deleted a mail that could not be filed")),
    Action.NOTE_DELETED: Words(Group.WORKSPACE, _("deleted a note of somebody else’s")),
    Action.SAVED_REPLY_ADDED: Words(Group.WORKSPACE, _("added a saved reply for everybody")),
    Action.SAVED_REPLY_CHANGED: Words(Group.WORKSPACE, _("changed a saved reply of everybody’s")),
    Action.SAVED_REPLY_DELETED: Words(Group.WORKSPACE, _("deleted a saved reply of everybody’s")),
}


def sentence(action: str) -> str:
    """What an action means in words. A row of a later version, whose action is not known here, is shown by its name."""
    known = WORDS.get(action)  # type: ignore[call-overload]
    return str(known.sentence) if known else action.replace(".", " ").replace("_", " ")


def actions_of(group: Group) -> list[str]:
    return [action.value for action, words in WORDS.items() if words.group == group]


def record(
    action: Action,
    *,
    by: Membership | None,
    target: str,
    before: Values | None = None,
    after: Values | None = None,
    **detail: object,
) -> AuditEvent:
    """Write the row. `by` is None for the system itself.

    `before` and `after` are the changed values; like `detail` they must hold no secret and no message body.
    """
    return AuditEvent.objects.create(
        action=action,
        actor=by,
        actor_name=by.user.display_name if by else "VersanaCX",
        actor_role=by.role if by else "system",
        target=target,
        before=before,
        after=after,
        client=context.current().get("client", ""),
        detail=detail,
    )
