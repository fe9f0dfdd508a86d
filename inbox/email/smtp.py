"""One mail to an SMTP server, step by step, so that it is known in which step it failed.

Until the last line of the text, the dot, a server must not keep the mail (RFC 5321, 4.1.1.4 and 4.5.4.1), so whatever goes
wrong before is tried again. From the dot on only the server's own word counts.
"""

import re
import smtplib
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.encoding import punycode

from inbox.email.answers import HandingOver, Lost, NotNow, Refused, Sent, Superseded

BEFORE_ANSWER_SECONDS = 30.0  # for all steps up to the end of the text
GOODBYE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Server:
    """Where mail is handed over. Times are in seconds: of one step, and of the wait for the word after the text."""

    host: str
    port: int
    username: str = ""
    password: str = field(default="", repr=False)
    starttls: bool = False
    tls: bool = False
    step_seconds: float = 20.0
    answer_seconds: float = 40.0


def configured() -> Server:
    """The server of the settings, as Django's own mail goes by."""
    return Server(
        host=settings.EMAIL_HOST,
        port=int(settings.EMAIL_PORT),
        username=settings.EMAIL_HOST_USER or "",
        password=settings.EMAIL_HOST_PASSWORD or "",
        starttls=settings.EMAIL_USE_TLS,
        tls=settings.EMAIL_USE_SSL,
        step_seconds=settings.EMAIL_TIMEOUT,
        answer_seconds=settings.MAIL_ANSWER_TIMEOUT,
    )


def hand_over(
    *,
    server: Server,
    sender: str,
    recipients: tuple[str, ...],
    data: bytes,
    whole: bool,
    handing_over: HandingOver,
) -> Sent:
    """Raises NotNow, Refused, Lost, Superseded. `whole`: everybody or nobody, where some are only put off; else those who
    are put off are refused for good, and the others get it. `data` has lines that end with CR LF."""
    talk = _Talk(server)
    try:
        talk.open()
        talk.envelope(sender, len(data))
        refused = talk.receivers(recipients, whole=whole)
        talk.begin()
        if not handing_over():
            raise Superseded
        talk.text(data)
        talk.end()
        return Sent(refused=refused)
    finally:
        talk.close()


class _Talk:
    def __init__(self, server: Server) -> None:
        self.server = server
        self.ends = time.monotonic() + BEFORE_ANSWER_SECONDS
        self.smtp: smtplib.SMTP | None = None
        self.polite = False

    def open(self) -> None:
        """Connect, greet, encrypt, sign in. A no here is about us and not about this mail, so it is tried again."""
        with self._or_not_now("unreachable"):
            self.smtp = self._connected()
            self.smtp.ehlo_or_helo_if_needed()
            if self.server.starttls:
                self._wait()
                self.smtp.starttls(context=ssl.create_default_context())
                self.smtp.ehlo()
        if self.server.username:
            self._sign_in()

    def _sign_in(self) -> None:
        """Raises outside of the `except`: an error's context has the frames of smtplib, and the password stands in them."""
        self._wait()
        word = ""
        try:
            self._smtp.login(self.server.username, self.server.password)
        except Exception as error:  # also what nobody foresees of a server's nonsense
            word = _word(error, "login_refused")
        if word:
            raise NotNow(word)

    def envelope(self, sender: str, size: int) -> None:
        most = self._smtp.esmtp_features.get("size", "")
        if most.isdecimal() and 0 < int(most) < size:
            raise Refused("too_large")
        announced = f" SIZE={size}" if "size" in self._smtp.esmtp_features else ""
        self._expect(f"MAIL FROM:<{sender}>{announced}", "sender_refused")

    def receivers(self, recipients: tuple[str, ...], *, whole: bool) -> tuple[str, ...]:
        """Those whom the server does not want, as long as it wants somebody."""
        never, later = [], []
        for each in recipients:
            code = self._ask(f"RCPT TO:<{each}>")
            if 400 <= code < 500:
                later.append(each)
            elif not 200 <= code < 300:
                never.append(each)
        if later and (whole or len(later) + len(never) == len(recipients)):
            raise NotNow("put_off", tuple(never))
        if len(never) + len(later) == len(recipients):
            raise Refused("recipients_refused", tuple(never))
        return (*never, *later)

    def begin(self) -> None:
        self._expect("DATA", "content_refused", wanted=354)

    def text(self, data: bytes) -> None:
        """All but the dot. A connection that breaks in here has left the server with half a mail, which it throws away."""
        with self._or_not_now("connection_lost"):
            self._wait()
            self._smtp.send(_dotted(data))

    def end(self) -> None:
        """The dot, after which the mail is the server's as soon as it likes."""
        try:
            self._until(self.server.answer_seconds)
            self._smtp.send(b".\r\n")
            code = self._smtp.getreply()[0]
        except (OSError, smtplib.SMTPException):
            raise Lost("no_answer") from None
        if 400 <= code < 500:
            raise NotNow("put_off")
        if 500 <= code < 600:
            raise Refused("content_refused")
        if not 200 <= code < 300:
            raise Lost("no_answer")
        self.polite = True

    def close(self) -> None:
        """Say goodbye where everything went well; the mail does not hang on it."""
        if self.smtp is None:
            return
        if self.polite:
            with suppress(OSError, smtplib.SMTPException):
                self._until(GOODBYE_SECONDS)
                self.smtp.docmd("QUIT")
        self.smtp.close()

    @property
    def _smtp(self) -> smtplib.SMTP:
        assert self.smtp is not None
        return self.smtp

    def _connected(self) -> smtplib.SMTP:
        seconds = min(self.server.step_seconds, BEFORE_ANSWER_SECONDS)
        host, port, name = self.server.host, self.server.port, _own_name()
        if self.server.tls:
            context = ssl.create_default_context()
            return smtplib.SMTP_SSL(host, port, local_hostname=name, timeout=seconds, context=context)
        return smtplib.SMTP(host, port, local_hostname=name, timeout=seconds)

    def _expect(self, command: str, word: str, *, wanted: int = 250) -> None:
        code = self._ask(command)
        if 400 <= code < 500:
            raise NotNow("put_off")
        if 500 <= code < 600:
            raise Refused(word)
        if code // 100 != wanted // 100:
            raise NotNow("not_understood")

    def _ask(self, command: str) -> int:
        """The code of the server's answer; 421, with which it hangs up, is a loss of the connection."""
        with self._or_not_now("connection_lost"):
            self._wait()
            code = self._smtp.docmd(command)[0]
        if code == 421:
            raise NotNow("put_off")
        return code

    @contextmanager
    def _or_not_now(self, word: str) -> Iterator[None]:
        try:
            yield
        except (OSError, smtplib.SMTPException, ssl.CertificateError) as error:
            raise NotNow(_word(error, word)) from None

    def _wait(self) -> None:
        """The next step has its own time, and no more than is left of all."""
        left = self.ends - time.monotonic()
        if left <= 0:
            raise NotNow("timeout")
        self._until(min(self.server.step_seconds, left))

    def _until(self, seconds: float) -> None:
        if self._smtp.sock is not None:
            self._smtp.sock.settimeout(seconds)


def _word(error: Exception, otherwise: str) -> str:
    """smtplib tells of a time that ran out as of a lost connection."""
    timed_out = isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError)
    return "timeout" if timed_out else otherwise


def _dotted(data: bytes) -> bytes:
    """A line that begins with a dot gets another one, and the text ends with a line's end (RFC 5321, 4.5.2)."""
    doubled = re.sub(rb"(?m)^\.", b"..", data)
    return doubled if doubled.endswith(b"\r\n") else doubled + b"\r\n"


def _own_name() -> str:
    """How we greet. The library would ask a name server for this machine's."""
    return punycode(urlsplit(settings.PUBLIC_URL).hostname or "localhost")
