"""Hostile texts in every place where somebody outside, or a member, may write: nothing of them runs in a real browser.

A string is caught by what it does: it calls `canary()`, opens a dialog, asks another host, or is refused by the policy (which
would mean that markup of a stranger's got as far as the browser, and only the last wall held).
"""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, expect

from inbox import indexing
from inbox.email.html import sanitise
from inbox.email.inbound import receive
from inbox.email.parsing import parse
from inbox.models import (
    Attachment,
    Contact,
    Conversation,
    ConversationEvent,
    ConversationTag,
    MailIdentity,
    Message,
    Note,
    Notification,
    OutgoingMail,
    ReplyDraft,
    SavedReply,
    SavedView,
    Tag,
)
from tenants.models import Membership, Tenant, User
from tenants.numbering import next_number
from tenants.rls.context import tenant_context
from tests import factories
from tests.conftest import Cast
from tests.e2e.browsing import serving
from tests.e2e.xss_strings import CONTEXTS, EVENTS, HTMX, MARKUP, STRINGS, STYLES

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LOADED = "() => [...document.querySelectorAll('iframe')].every((frame) => frame.contentDocument?.URL.includes('/html/') && frame.contentDocument.readyState === 'complete')"
TOGETHER = 8  # strings in one message: one that swallows the rest hides few others
WATCH = """
window.canary = () => { document.documentElement.dataset.executed = "yes"; console.error("EXECUTED"); };
window.alert = window.confirm = window.prompt = window.print = window.canary;
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`POLICY ${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
"""


@dataclass
class Seen:
    """What a browser did that it should not have."""

    host: str
    executed: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    policy: Counter[str] = field(default_factory=Counter)
    pages: int = 0

    def over(self, context: BrowserContext) -> None:
        context.add_init_script(WATCH)
        context.on("console", lambda message: self._console(message.text))
        context.on("dialog", lambda dialog: (self.executed.append(f"dialog {dialog.message}"), dialog.dismiss()))
        context.route(lambda url: urlsplit(url).netloc != self.host, self._elsewhere)

    def _console(self, text: str) -> None:
        if "EXECUTED" in text:
            self.executed.append(text)
        elif "POLICY" in text or "Content Security Policy" in text:
            self.policy[text[:200]] += 1

    def _elsewhere(self, route: object, request: object) -> None:
        url = str(request.url)  # type: ignore[attr-defined]
        if not url.startswith(("data:", "about:", "blob:")):
            self.asked.append(url[:200])
        route.abort()  # type: ignore[attr-defined]


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    return factories.team()


@pytest.fixture
def address(cast: Cast) -> Iterator[str]:
    with serving() as url:
        yield url


def write_everywhere(cast: Cast, strings: Sequence[str]) -> list[int]:
    """Conversations with these strings as everything that is text; of some what a mail brings in, of the rest what members
    write. The numbers of the conversations."""
    numbers = []
    with tenant_context(cast.acme.pk):
        groups = [strings[begin : begin + TOGETHER] for begin in range(0, len(strings), TOGETHER)]
        for place, group in enumerate(groups):
            name = group[0][:200].replace("\x00", "")
            who = factories.contact(name=name, email=f"p{place}@x.example")
            Contact.objects.filter(pk=who.pk).update(note="\n".join(group).replace("\x00", ""))
            row = factories.conversation(of=who, subject=name, texts=[])
            numbers.append(row.number)
            for string in group:
                _message(row, string.replace("\x00", ""), email=f"p{place}@x.example")
            _by_members(cast, row, [string.replace("\x00", "") for string in group])
        for place, string in enumerate(strings[:TOGETHER]):
            receive(mail=parse(_raw(place, string)), now=timezone.now())
        Conversation.objects.update(snippet=strings[0][:200].replace("\x00", ""))
        _by_owners(cast, [string.replace("\x00", "") for string in strings])
        for row in Conversation.objects.all():
            indexing.whole(conversation=row)
    return numbers


def _message(row: Conversation, string: str, *, email: str) -> None:

    message = Message.objects.create(
        conversation=row,
        kind=Message.Kind.RECEIVED,
        from_name=string[:200],
        from_email=email,
        to=[[string[:200], "support@shop.example"]],
        subject=string[:500],
        sent_at=timezone.now(),
        message_id=f"{row.number}.{Message.objects.count()}@x.example",
        text=string,
        quoted=string,
        html=sanitise(f"<p>{string}</p>").html,
    )
    Attachment.objects.create(
        message=message, name=string[:255], content_type="image/png", size=len(string), content=string.encode()
    )


def _by_members(cast: Cast, row: Conversation, group: list[str]) -> None:
    for string in group:
        number = next_number("tag")
        tag = Tag.objects.create(number=number, name=string[:40], name_norm=f"{number} {string}"[:40])
        ConversationTag.objects.create(conversation=row, tag=tag)
        Note.objects.create(conversation=row, writer=cast.adam, text=string)
        ConversationEvent.objects.create(conversation=row, kind="tagged", by=cast.adam, detail={"tag": string[:40]})
    SavedReply.objects.create(number=row.number, name=f"{row.number} {group[0]}"[:80], text="\n".join(group))
    SavedView.objects.create(number=row.number, name=f"{row.number} {group[0]}"[:60], query="open", owner=None)
    ReplyDraft.objects.create(conversation=row, writer=cast.ava, text="\n".join(group))
    ReplyDraft.objects.create(conversation=row, writer=cast.ava, kind=ReplyDraft.Kind.NOTE, text="\n".join(group))
    for member in (cast.ava, cast.olivia):
        Notification.objects.create(member=member, kind="mentioned", conversation=row, by=cast.adam)
    sent = Message.objects.create(
        conversation=row,
        kind=Message.Kind.SENT,
        writer=cast.adam,
        from_email="support@shop.example",
        to=[[group[-1][:200], "m@x.example"]],
        subject=group[-1][:500],
        sent_at=timezone.now(),
        message_id=f"sent.{row.number}@x.example",
        text="\n".join(group),
    )
    OutgoingMail.objects.create(message=sent, state=OutgoingMail.State.UNKNOWN)


def _by_owners(cast: Cast, strings: list[str]) -> None:
    """What stands on every page, or under every mail: the workspace's name, members' names, as whom one writes."""
    Tenant.objects.filter(pk=cast.acme.pk).update(name=strings[0][:80])
    for member, string in zip((cast.adam, cast.ava, cast.olivia), strings[1:], strict=False):
        User.objects.filter(pk=member.user_id).update(name=string[:80])
    MailIdentity.objects.create(
        from_name=strings[0][:100], from_email="support@shop.example", signature="\n".join(strings[:TOGETHER])
    )


def _raw(place: int, string: str) -> bytes:
    head = " ".join(string.split())[:150]
    return (
        f'From: "{head}" <m{place}@x.example>\r\nTo: support@shop.example\r\nSubject: {head}\r\nMessage-ID: <raw{place}@x.example>\r\n'
        f"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n{string}\r\n"
        f'--b\r\nContent-Type: text/html; name="{head}"\r\nContent-Disposition: attachment; filename="{head}"\r\n\r\n{string}\r\n--b--\r\n'
    ).encode("utf-8", "replace")


def look_at(page: Page, path: str, seen: Seen) -> None:
    """The page as somebody uses it: everything unfolded, every frame loaded."""
    answer = page.goto(path, wait_until="load")
    assert (path, answer.status if answer else 0) == (path, 200)
    seen.pages += 1
    page.evaluate("document.querySelectorAll('#main details').forEach((each) => { each.open = true; })")
    for frame in page.locator("iframe").all():
        frame.evaluate("(frame) => { frame.loading = 'eager'; }")
    page.wait_for_function(LOADED)
    page.mouse.move(500, 300)
    page.keyboard.press("Tab")
    expect(page.locator("html[data-executed]")).to_have_count(0)


def walk(browser: Browser, address: str, cast: Cast, strings: Sequence[str]) -> Seen:
    seen = Seen(urlsplit(address).netloc)
    numbers = write_everywhere(cast, strings)
    searched = [f"inbox/search/?q={quote(string[:380])}" for string in ("canary", "script", *strings[::6])]
    lists = ["", "inbox/?view=all", "contacts/", "contacts/?by=name", "contacts/?q=%22%3E%3Csvg", "notices/", *searched]
    some = numbers[:: max(1, len(numbers) // 6)]
    of_one = [
        *(f"inbox/{n}/{page}/" for n in some for page in ("print", "merge", "split", "saved-replies")),
        *(f"contacts/{n}/" for n in some),
    ]
    settings = [
        "mail/",
        "mail/queue/",
        "mail-in/",
        "replies/",
        *(f"replies/{n}/" for n in some),
        "members/",
        "general/",
    ]
    with seen_by(browser, address, cast.ava, seen) as page:
        for path in lists:
            look_at(page, f"/acme/{path}", seen)
        for number in numbers:
            look_at(page, f"/acme/inbox/{number}/?view=all", seen)
            assert any("/html/" in frame.url for frame in page.frames)
        for path in of_one:
            look_at(page, f"/acme/{path}", seen)
    with seen_by(browser, address, cast.olivia, seen) as page:
        for path in ("", "reports/", "reports/?by=assignee", *(f"settings/{each}" for each in settings)):
            look_at(page, f"/acme/{path}", seen)
    return seen


@contextmanager
def seen_by(browser: Browser, address: str, member: Membership, seen: Seen) -> Iterator[Page]:
    client = Client()
    client.force_login(member.user)
    cookie = client.cookies["sessionid"]
    with browser.new_context(base_url=address) as context:
        context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": address}])
        seen.over(context)
        page = context.new_page()
        yield page
        page.wait_for_timeout(300)  # what was set off by the last page


def tell(seen: Seen, strings: Sequence[str]) -> None:
    print(
        f"\n{len(strings)} hostile strings over {seen.pages} pages: {len(seen.executed)} executed, "
        f"{len(seen.asked)} asked another host, {sum(seen.policy.values())} refused by the policy"
    )
    print(json.dumps(seen.policy, indent=1) if seen.policy else "no report of the policy")
    assert seen.executed == []
    assert seen.asked == []
    assert seen.policy == {}


def test_the_watch_sees_what_runs_asks_and_is_refused(browser: Browser) -> None:
    """The oracle itself: without the walls in between, the same strings are seen to act."""
    seen = Seen("here.example")
    with browser.new_context() as context:
        seen.over(context)
        page = context.new_page()
        page.set_content("<p>x</p><img src=x onerror=canary()><img src=https://evil.example/x.gif>")
        page.wait_for_timeout(200)
        page.set_content(
            "<meta http-equiv=Content-Security-Policy content=\"img-src 'none'\"><img src=https://evil.example/y.gif>"
        )
        page.wait_for_timeout(200)
    assert seen.executed
    assert "https://evil.example/x.gif" in seen.asked
    assert seen.policy


@pytest.mark.long
def test_no_hostile_string_runs_anywhere(browser: Browser, address: str, cast: Cast) -> None:
    """Some of every kind; all of them at night."""
    some = [*MARKUP[::4], *CONTEXTS[::3], *HTMX[::3], *STYLES[::5], *EVENTS[::16]]
    tell(walk(browser, address, cast, some), some)


@pytest.mark.nightly
def test_none_of_all_hostile_strings_runs_anywhere(browser: Browser, address: str, cast: Cast) -> None:
    assert len(STRINGS) >= 300
    tell(walk(browser, address, cast, STRINGS), STRINGS)
