"""Those who hand something in while everything breaks, and come again until they are thanked: mail servers, a mail provider, a
mail server's pipe, and a member at the reply box whose browser sends the form once more."""

import base64
import http.client
import json
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import format_datetime
from urllib.parse import urlencode

from django.utils import timezone

from tests.inbox.mortal import DOMAIN, DOOR_SECRET, PROVIDER, Mortal

TO = f"acme@{DOMAIN}"
PAUSE, PATIENCE = 0.3, 300.0  # seconds between two tries, and until somebody gives up, which ends the test
EVERY_PIPED = 60  # a process of Python each, which costs a second
TOKEN = "t" * 32


@dataclass
class Flow:
    """`count` things to hand in by some threads, no further than `admitted`. Whatever is no yes and no "come again" ends it."""

    name: str
    count: int
    hand_in: Callable[[int, int], bool]  # the number of the thing, and of the try
    admitted: int = 0
    turned_away: Counter[str] = field(default_factory=Counter)
    taken: set[int] = field(default_factory=set)
    error: Exception | None = None
    _next: int = 0
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _stopping: bool = False

    def admit(self, many: int) -> None:
        with self._changed:
            self.admitted = max(self.admitted, min(many, self.count))
            self._changed.notify_all()

    def stop(self) -> None:
        with self._changed:
            self._stopping = True
            self._changed.notify_all()

    def work(self) -> None:
        try:
            while (number := self._take()) is not None:
                self._until_taken(number)
        except Exception as error:
            self.error = error

    def _take(self) -> int | None:
        with self._changed:
            self._changed.wait_for(lambda: self._stopping or self._next < self.admitted or self._next >= self.count)
            if self._stopping or self._next >= self.count:
                return None
            self._next += 1
            return self._next - 1

    def _until_taken(self, number: int) -> None:
        end, tries = time.monotonic() + PATIENCE, 0
        while not self._stopping:
            try:
                if self.hand_in(number, tries):
                    self.taken.add(number)
                    return
            except (OSError, http.client.HTTPException) as error:
                self._note(type(error).__name__)
            else:
                self._note("not now")
            assert time.monotonic() < end, f"{self.name}: {number} is not taken"
            tries += 1
            time.sleep(PAUSE)

    def _note(self, why: str) -> None:
        with self._changed:
            self.turned_away[why] += 1


@contextmanager
def flowing(*flows: Flow, threads: int = 2) -> Iterator[None]:
    running = [threading.Thread(target=flow.work, daemon=True) for flow in flows for _ in range(threads)]
    for each in running:
        each.start()
    try:
        yield
    finally:
        for flow in flows:
            flow.stop()
        for each in running:
            each.join(30)


# --- Mail in --------------------------------------------------------------------------------------------------------
def mail(number: int, *, threads: int, attempt: int = 0) -> bytes:
    """One of some that answer each other in so many threads, each of another contact. Every third server says at each try when
    it tried, so that what comes again is not the same bytes."""
    thread = number % threads
    fields = [
        f"From: Contact {thread} <contact{thread}@example.com>",
        "To: support@shop.example",
        f"Message-ID: <{mail_id(number)}>",
        f"Date: {format_datetime(timezone.now().replace(year=2026, month=11, day=2, hour=number // 60, minute=number % 60))}",
        f"Subject: {'Re: ' if number != thread else ''}parcel {thread}",
    ]
    if number % 3 == 0:
        fields.insert(0, f"Received: from relay.example by mx.example; try {attempt}")
    if number != thread:
        fields += [f"In-Reply-To: <{mail_id(number - threads)}>", f"References: <{mail_id(thread)}>"]
    return ("\n".join(fields) + f"\n\nThis is mail {number}.\n").encode()


def mail_id(number: int) -> str:
    return f"in-{number}@mail.example"


def door_of(number: int) -> str:
    if number % EVERY_PIPED == EVERY_PIPED - 1:
        return "command"
    return "door" if number % 2 else "provider"


def mail_sender(here: Mortal, *, threads: int) -> Callable[[int, int], bool]:
    def hand_in(number: int, attempt: int) -> bool:
        raw = mail(number, threads=threads, attempt=attempt)
        match door_of(number):
            case "command":
                return _judged({0: 200, 75: 503}.get(status := here.pipe(raw, recipient=TO), status))
            case "door":
                given = {"Authorization": f"Bearer {DOOR_SECRET}", "X-Envelope-To": TO}
                return _judged(_post(here, "/mail/in/", raw, {"Content-Type": "message/rfc822", **given}))
        call = {"OriginalRecipient": TO, "RawEmail": raw.decode(), "MessageID": "x", "Headers": []}
        basic = "Basic " + base64.b64encode(PROVIDER.encode()).decode()
        given = {"Content-Type": "application/json", "Authorization": basic}
        return _judged(_post(here, "/mail/in/postmark/", json.dumps(call).encode(), given))

    return hand_in


# --- Replies --------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Writer:
    """A member with an open browser. Each reply is a form with a key of its own."""

    session: str
    conversations: tuple[int, ...]
    keys: dict[int, uuid.UUID] = field(default_factory=dict)

    def sender(self, here: Mortal) -> Callable[[int, int], bool]:
        def hand_in(number: int, attempt: int) -> bool:
            of = self.conversations[number % len(self.conversations)]
            form = {
                "text": f"This is reply {number}.",
                "to": "Maya Lindqvist <maya@lindqvist.example>",
                "key": str(self.keys.setdefault(number, uuid.uuid4())),
                "seen": 2**62,
                "csrfmiddlewaretoken": TOKEN,
            }
            headers = {
                "Content-Type": "application/x-www-form-urlencoded",
                "Cookie": f"csrftoken={TOKEN}; {self.session}",
            }
            return _judged(_post(here, f"/acme/inbox/{of}/send/", urlencode(form).encode(), headers))

        return hand_in


class TurnedDown(Exception):
    """A no that another try would not change: a real mail server would send the mail back."""


def _judged(status: int) -> bool:
    if status >= 500:
        return False
    if status not in (200, 302):
        raise TurnedDown(status)
    return True


def _post(here: Mortal, path: str, body: bytes, headers: dict[str, str]) -> int:
    host, _, port = here.web[0].rpartition("//")[2].partition(":")
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=30)
    try:
        connection.request("POST", path, body, {**headers, "Host": f"{host}:{port}"})
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()
