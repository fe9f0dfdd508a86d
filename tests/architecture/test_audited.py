"""Every domain function that writes records an action of the audit log, or is listed here with the reason why it does not.

The functions are found in the source (tests/architecture/writing.py), so that a new module is taken in by itself.
"""

import pytest

from tenants.audit import Action
from tests.architecture.writing import functions, writing

# Function -> why what it writes is nothing to account for in the workspace's log.
UNAUDITED = {
    "tenants.audit:record": "Writes the log itself.",
    "tenants.audit_chain:seal": "Seals the log.",
    "tenants.tasks:seal_audit": "Seals the log.",
    "tenants.accounts:factor_added": "A person's own security belongs to no workspace (tenants/factors.py).",
    "tenants.accounts:create": "A person belongs to no workspace yet; joining one is recorded there.",
    "tenants.one_time_codes:spend": "A code of a person's own is used up; signing in belongs to no workspace.",
    "tenants.members:place": "A part of adding and of accepting, which record it.",
    "tenants.members:end_what_rests_on": "A part of a change of a member, whose row names what ended with it.",
    "tenants.first_run:new_link": "There is no workspace yet.",
    "tenants.erasing:erase": "The log goes too; the tombstone says what was there.",
    "tenants.erasing:sweep": "Of workspaces that are gone already.",
    "tenants.exporting:proceed": "The export was asked for, which is recorded; this is its making.",
    "tenants.pieces:begin_anew": "A part of making a file that was asked for, which is recorded.",
    "tenants.tasks:continue_export": "See exporting.proceed.",
    "tenants.tasks:clear_sessions": "Sessions belong to people, not to workspaces.",
    "tenants.numbering:next_number": "A counter; what gets the number is recorded.",
    "tenants.staff:add": "Platform staff: recorded in StaffAction, which belongs to no workspace.",
    "tenants.staff:remove": "Platform staff: recorded in StaffAction, which belongs to no workspace.",
    "integrations.shopify.attempts:begin": "An attempt is a record itself, found by its reference; a connection is audited.",
    "integrations.shopify.attempts:begin_installation": "As above, begun in Shopify; nobody is known yet.",
    "integrations.shopify.attempts:claim": "As above: how an installation ended; a connection is audited.",
    "integrations.shopify.attempts:take": "As above: the attempt is used up.",
    "integrations.shopify.attempts:finish": "As above: how the attempt ended.",
    "integrations.shopify.attempts:leave": "As above: its person was signed out.",
    "integrations.shopify.attempts:record_failure": "As above: an answer that belongs to no attempt.",
    "integrations.shopify.attempts:forget": "Tidies attempts that are over.",
    "integrations.shopify.connecting:signed_out": "Ends an attempt.",
    "integrations.shopify.connecting:begin": "An attempt is a record itself.",
    "integrations.shopify.installing:begin": "An attempt is a record itself.",
    "integrations.shopify.installing:complete": "Before a workspace is known; claiming it is recorded.",
    "integrations.shopify.installing:waiting": "Ends an installation that cannot be claimed.",
    "integrations.shopify.installing:forget": "Tidies installations that nobody claimed.",
    "integrations.shopify.tasks:forget_installations": "Tidies installations that nobody claimed.",
    "integrations.shopify.checking:ask": "A check changes nothing; its result stands on the card.",
    "integrations.shopify.checking:ask_after_opening": "See checking.ask.",
    "integrations.shopify.checking:keep": "See checking.ask.",
    "integrations.shopify.order_context:look_up": "A cache of orders, and that somebody looked.",
    "integrations.shopify.order_context:refresh": "A cache of orders.",
    "integrations.shopify.interface:warm": "A cache of orders.",
    "integrations.shopify.tasks:refresh_due_order_context": "A cache of orders.",
    "integrations.shopify.order_context:forget": "A cache of orders.",
    "integrations.shopify.order_context:drop": "A cache of orders.",
    "integrations.shopify.order_context:mark": "A cache of orders.",
    "integrations.shopify.subscriptions:check": "What a store tells us, repaired to what the code says; how it went is on its card.",
    "integrations.shopify.tasks:check_webhooks": "See subscriptions.check.",
    "integrations.shopify.order_context:forget_customer": "A cache of orders.",
    "integrations.shopify.webhooks:forget": "Tidies receipts.",
    "integrations.shopify.tasks:drop_deleted_order": "A cache of orders.",
    "integrations.shopify.tokens:connection": "Renews a token, as it must every hour.",
    "integrations.shopify.tokens:opened": "Notes that the access does not open: see problems.mark.",
    "integrations.shopify.tokens:renew": "Renews a token, as it must every fortnight.",
    "integrations.shopify.problems:mark": "What Shopify answered, shown on the store's card since when, and told to the owners.",
    "integrations.shopify.problems:over": "Shopify answers again: the store works as before.",
    "integrations.shopify.problems:tell_owners": "That the owners were told of a problem.",
    "integrations.shopify.probing:want": "When we last looked whether a problem is over.",
    "integrations.shopify.upkeep:renew": "See tokens.renew.",
    "integrations.shopify.tokens:reopen": "A lost key is back: the store works as before.",
    "integrations.shopify.tasks:reopen_everywhere": "See tokens.reopen.",
    "integrations.shopify.stores:end": "A part of disconnecting and of an uninstallation, which record it.",
    "integrations.shopify.stores:note_failure": "What Shopify answered, shown on the store's card since when.",
    "integrations.shopify.stores:note_success": "That Shopify answered, shown on the store's card.",
    "integrations.shopify.stores:say_farewell": "The end of a disconnection, which was recorded.",
    "integrations.shopify.stores:forget_farewells": "Tidies farewells that failed.",
    "integrations.shopify.interface:find": "A cache of what a search finds.",
    "integrations.shopify.finding:find": "A cache of what a search finds.",
    "integrations.shopify.interface:order_lines": "A cache of orders.",
    "integrations.shopify.order_details:whole": "A cache of orders.",
    "integrations.shopify.interface:section": "Refreshes a cache of orders.",
    "integrations.shopify.interface:sections": "Refreshes a cache of orders.",
    "integrations.shopify.tasks:refresh_order_context": "A cache of orders.",
    "integrations.shopify.tasks:tell_owners": "See problems.tell_owners.",
    "integrations.shopify.tasks:probe_everywhere": "See probing.want.",
    "integrations.shopify.tasks:exchange_access": "See tokens.renew.",
    "integrations.shopify.tasks:renew_access": "See tokens.renew.",
    "integrations.shopify.tasks:uninstall_at_shopify": "See stores.say_farewell.",
    "integrations.shopify.tasks:forget_everywhere": "Tidies caches.",
    "tenants.personal:forget": "A part of an erasure, which records it (integrations.shopify.redacting).",
    "integrations.shopify.personal:forget": "A part of an erasure, which records it.",
    "integrations.shopify.personal:settle": "The end of an erasure, which was recorded.",
    "integrations.shopify.redacting:settle": "The end of an erasure, which was recorded.",
    "integrations.shopify.tasks:settle_erasure": "The end of an erasure, which was recorded.",
    "integrations.shopify.data_requests:make_again": "A file that was asked for before; fetching it is recorded.",
    "integrations.shopify.data_requests:proceed": "The request is on record; this is the making of its file.",
    "integrations.shopify.compliance:resume": "Goes on with what was asked for, which is recorded.",
    "integrations.shopify.data_requests:tidy": "Deletes files whose time is over.",
    "integrations.shopify.tasks:continue_data_request": "See data_requests.proceed.",
    "inbox.personal:sweep_conversations": "A part of an erasure, which records it.",
    "inbox.personal:sweep_mentions": "A part of an erasure, which records it.",
    "inbox.personal:forget": "A part of an erasure, which records it.",
    "inbox.indexing:message": "A part of what is written, for search; says nothing new.",
    "inbox.indexing:note": "A part of what is written, for search.",
    "inbox.indexing:conversation": "A part of what is written, for search.",
    "inbox.indexing:contact": "A part of what is written, for search.",
    "inbox.indexing:move": "A part of a merge.",
    "inbox.indexing:forget": "A part of an erasure, which is recorded.",
    "inbox.indexing:whole": "What is older than search, read by a command.",
    "inbox.gist:refresh": "What rules read in mail that arrives by itself.",
    "inbox.labels:keep": "What rules read in mail that arrives by itself.",
    "inbox.labels:move": "A part of a mail's arrival; who said it, and when, goes along.",
    "inbox.labels:correct": "Who said it, and when, stands in the row and at the chip; it changes nothing else.",
    "inbox.contact_pages:contact_page": "Refreshes a cache of orders.",
    "inbox.arrivals:prefetch": "Refreshes a cache of orders.",
    "inbox.tasks:prefetch_orders": "Refreshes a cache of orders.",
    "inbox.drafts:save": "What a member is writing, and nobody has been told yet.",
    "inbox.drafts:discard": "See drafts.save.",
    "inbox.drafts:move": "See drafts.save.",
    "inbox.drafts:give_back": "See drafts.save.",
    "inbox.replies:reply": "The message is its own record, with its writer and time.",
    "inbox.replies:take_back": "Nothing was sent; the draft is its writer's own.",
    "inbox.notes:add": "The thread shows it, with its writer and time.",
    "inbox.presence:look": "That somebody looks at a conversation, for half a minute.",
    "inbox.presence:leave": "See presence.look.",
    "inbox.conversations:assign": "The thread tells it, with name and time (ConversationEvent).",
    "inbox.conversations:close": "See conversations.assign.",
    "inbox.conversations:reopen": "See conversations.assign.",
    "inbox.conversations:snooze": "See conversations.assign.",
    "inbox.conversations:mark_spam": "See conversations.assign.",
    "inbox.conversations:set_priority": "See conversations.assign.",
    "inbox.conversations:message_arrived": "Mail arrives by itself; the thread tells what that opened.",
    "inbox.conversations:wake": "Time passes by itself; the thread tells what that opened.",
    "inbox.conversations:release": "Follows from a member's leaving, which is recorded; the thread tells it.",
    "inbox.tasks:wake_everywhere": "See conversations.wake.",
    "inbox.tasks:release_conversations": "See conversations.release.",
    "inbox.tags:add": "See conversations.assign.",
    "inbox.tags:remove": "See conversations.assign.",
    "inbox.sending:send": "How far a mail is on its way: its row says it, and the queue shows it.",
    "inbox.sending:rescue": "See sending.send.",
    "inbox.tasks:send_reply": "See sending.send.",
    "inbox.tasks:rescue_mail_everywhere": "See sending.send.",
    "inbox.deliveries:note": "What the mail server told of a mail: the queue shows it.",
    "inbox.tracking:receive": "See deliveries.note.",
    "inbox.bulk:act": "See conversations.assign: each thread tells it.",
    "inbox.bulk:undo": "See conversations.assign: each thread tells it.",
    "inbox.saved_views:keep": "A list under a name: no conversation is changed, and nobody sees more by it.",
    "inbox.saved_views:rename": "See saved_views.keep.",
    "inbox.saved_views:delete": "See saved_views.keep.",
    "inbox.notices:tell": "That somebody is told of what the thread tells.",
    "inbox.arrivals:announce": "See conversations.message_arrived.",
    "inbox.notice_mails:send": "A mail about what the thread tells.",
    "inbox.tasks:mail_notices": "See notice_mails.send.",
    "inbox.notices:read": "That a member has seen what they were told of.",
    "inbox.notices:over": "What a member was told of is not so any more.",
    "inbox.unsent:note": "Tells a member what became of their own reply.",
    "inbox.notices:move": "A part of two conversations becoming one.",
    "inbox.notice_rules:change": "What a member wants to be told by mail is their own affair.",
    "inbox.email.inbound:summarise": "Mail arrives by itself, and is its own record.",
    "inbox.conversations:taken_for_spam": "What a blocked contact writes arrives by itself; the thread tells it.",
    "inbox.email.bounces:note": "What a mail server reports arrives by itself.",
    "inbox.email.duplicates:add_id": "Mail arrives by itself, and is its own record.",
    "inbox.email.doorstep:take": "Mail arrives by itself, and is its own record.",
    "inbox.email.doorstep:hand_in": "Mail arrives by itself, and is its own record.",
    "inbox.email.doorstep:note_refused": "Mail arrives by itself, and is its own record.",
    "inbox.email.doorstep:file": "Mail arrives by itself, and is its own record.",
    "inbox.providers:take_in": "Mail arrives by itself, and is its own record.",
    "inbox.mailboxes:check": "A look into a mailbox changes nothing there; how it went is on its card.",
    "inbox.mailboxes:poll": "Mail arrives by itself; how a mailbox fares is on its card.",
    "inbox.tasks:file_mail": "Mail arrives by itself, and is its own record.",
    "inbox.tasks:poll_mailbox": "See mailboxes.poll.",
    "inbox.watched:note": "That somebody looks at a list: when its top is prepared again.",
    "inbox.watched:warm": "A cache of orders.",
    "inbox.tasks:warm_view": "A cache of orders.",
    "inbox.contacts:contact_of": "Mail arrives by itself, and is its own record.",
    "inbox.email.inbound:receive": "Mail arrives by itself, and is its own record.",
    "inbox.email.joining:join": "Stands in the thread as an event, with who did it; nothing is deleted but the empty shell.",
    "inbox.email.joining:remember": "Mail arrives by itself, and is its own record.",
    "inbox.email.joining:remember_anew": "A part of a split, which stands in both threads as an event.",
    "inbox.email.joining:separate": "A part of a split, which stands in both threads as an event.",
    "inbox.merging:merge": "Stands in the thread as an event, with who did it; a split undoes it.",
    "inbox.merging:split": "Stands in both threads as an event, with who did it; a merge undoes it.",
}
# Where no name says so: which action a function must record.
EXPECTED = {
    "tenants.provisioning:open_workspace": {"WORKSPACE_OPENED"},
    "tenants.provisioning:add_member": {"MEMBER_ADDED"},
    "tenants.workspaces:change": {"WORKSPACE_CHANGED"},
    "integrations.shopify.stores:connect": {"STORE_CONNECTED", "STORE_RECONNECTED"},
    "integrations.shopify.stores:disconnect": {"STORE_DISCONNECTED"},
    "integrations.shopify.stores:describe": {"STORE_SCOPES_CHANGED"},
    "integrations.shopify.uninstalling:uninstall_reported": {"STORE_UNINSTALLED"},
    "integrations.shopify.connecting:complete": {"STORE_CONNECTED", "STORE_RECONNECTED"},
}


def test_every_function_that_writes_records_an_action_or_says_why_not() -> None:
    silent = {name for name, actions in writing().items() if not actions}
    assert silent - UNAUDITED.keys() == set()


def test_no_exception_is_stale() -> None:
    silent = {name for name, actions in writing().items() if not actions}
    assert UNAUDITED.keys() - silent == set()
    assert all(len(reason) > 10 for reason in UNAUDITED.values())


@pytest.mark.parametrize("name", EXPECTED)
def test_a_function_records_the_action_that_it_is_known_for(name: str) -> None:
    assert writing()[name] == EXPECTED[name]


def test_every_recorded_action_is_one_of_the_vocabulary() -> None:
    recorded = {action for function in functions().values() for action in function.actions}
    assert recorded <= set(Action.__members__)


def test_the_search_finds_functions_that_write_at_all() -> None:
    """The oracle itself: without it an empty search would pass everything."""
    assert len(writing()) > 20
    assert "integrations.shopify.stores:disconnect" in writing()
    assert "integrations.shopify.interface:order_detail" not in writing()
