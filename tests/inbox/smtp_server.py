"""A mail server that fails where it is told to: it dies, hangs, puts off or refuses at each step of the protocol.

It keeps what it accepted, in the moment in which it could no longer be told otherwise: before it says so.
"""

import re
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count

# In the order in which they come. "content": the whole text is read and thrown away; "accepted": kept, and then it fails.
STEPS = ("connect", "ehlo", "mail", "rcpt", "data", "half", "content", "accepted", "quit")
KINDS = ("die", "hang", "later", "never")
HANG_SECONDS = 30.0


@dataclass(frozen=True)
class Fault:
    """`kind`: die, hang, later (4xx) or never (5xx), at one step."""

    step: str
    kind: str


@dataclass(frozen=True)
class Kept:
    sender: str
    recipients: tuple[str, ...]
    data: bytes = field(repr=False)

    @property
    def message_id(self) -> str:
        found = re.search(rb"(?im)^message-id:\s*<([^>]+)>", self.data)
        assert found
        return found[1].decode()


@dataclass
class SmtpServer:
    port: int = 0
    kept: list[Kept] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)  # the next connections have them, one each
    always: Fault | None = None
    unwanted: dict[str, int] = field(default_factory=dict)  # receiver -> code
    greylisting: bool = False
    features: tuple[str, ...] = ("8BITMIME", "SIZE 30000000")
    seen: set[str] = field(default_factory=set)
    connections: Iterator[int] = field(default_factory=count)
    stopping: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def next_fault(self) -> Fault | None:
        with self.lock:
            next(self.connections)
            return self.faults.pop(0) if self.faults else self.always

    def ids(self) -> list[str]:
        with self.lock:
            return [each.message_id for each in self.kept]


class _Hung(Exception):
    pass


class _Talk:
    def __init__(self, server: SmtpServer, peer: socket.socket) -> None:
        self.server, self.peer, self.file = server, peer, peer.makefile("rb")
        self.fault = server.next_fault()
        self.sender, self.recipients = "", list[str]()

    def say(self, line: str) -> None:
        self.peer.sendall(line.encode() + b"\r\n")

    def fails(self, step: str) -> bool:
        """True when the step was answered with a no; an exception when there is nobody to answer any more."""
        if self.fault is None or self.fault.step != step:
            return False
        if self.fault.kind == "die":
            # Not a goodbye but a reset, as of a machine that went away.
            self.peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            raise _Hung
        if self.fault.kind == "hang":
            self.server.stopping.wait(HANG_SECONDS)
            raise _Hung
        self.say("451 not now" if self.fault.kind == "later" else "550 never")
        return True

    def run(self) -> None:
        if self.fails("connect"):
            return
        self.say("220 mail.example at your service")
        while line := self.file.readline(2000):
            verb, _, rest = line.decode("ascii", "replace").strip().partition(" ")
            if not getattr(self, f"on_{verb.lower()}", self.on_other)(rest):
                return

    def on_ehlo(self, rest: str) -> bool:
        if not self.fails("ehlo"):
            lines = ["mail.example", *self.server.features]
            self.say("\r\n".join(f"250{'-' if n < len(lines) else ' '}{each}" for n, each in enumerate(lines, 1)))
        return True

    on_helo = on_ehlo

    def on_mail(self, rest: str) -> bool:
        if not self.fails("mail"):
            self.sender = rest.partition("<")[2].partition(">")[0]
            self.say("250 ok")
        return True

    def on_rcpt(self, rest: str) -> bool:
        who = rest.partition("<")[2].partition(">")[0]
        if self.fails("rcpt"):
            return True
        if code := self.server.unwanted.get(who):
            self.say(f"{code} not for this one")
        elif self.server.greylisting and who not in self.server.seen:
            self.server.seen.add(who)
            self.say("450 4.2.0 greylisted, come again")
        else:
            self.recipients.append(who)
            self.say("250 ok")
        return True

    def on_data(self, rest: str) -> bool:
        if self.fails("data"):
            return True
        self.say("354 go on")
        lines = list[bytes]()
        while (line := self.file.readline()) != b".\r\n":
            if not line:
                return False
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
            self.fails("half")
        if self.fails("content"):
            return True
        with self.server.lock:
            self.server.kept.append(Kept(self.sender, tuple(self.recipients), b"".join(lines)))
        self.fails("accepted") or self.say("250 kept")
        return True

    def on_rset(self, rest: str) -> bool:
        self.say("250 ok")
        return True

    def on_quit(self, rest: str) -> bool:
        self.fails("quit") or self.say("221 bye")
        return False

    def on_other(self, rest: str) -> bool:
        self.say("502 what?")
        return True


@contextmanager
def smtp_server() -> Iterator[SmtpServer]:
    """Serves on a port of loopback until the block ends; those who hang are let go then."""
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(0.1)
    server = SmtpServer(port=listening.getsockname()[1])
    talks = list[threading.Thread]()

    def talk(peer: socket.socket) -> None:
        peer.settimeout(HANG_SECONDS)
        with suppress(OSError, _Hung), peer:
            talking = _Talk(server, peer)
            with talking.file:
                talking.run()

    def accept() -> None:
        while not server.stopping.is_set():
            with suppress(TimeoutError):
                peer, _ = listening.accept()
                talks.append(threading.Thread(target=talk, args=(peer,), daemon=True))
                talks[-1].start()

    accepting = threading.Thread(target=accept, daemon=True)
    accepting.start()
    try:
        yield server
    finally:
        server.stopping.set()
        accepting.join(5)
        listening.close()
        for each in talks:
            each.join(5)
