"""The one door to mailboxes: the only module that speaks IMAP. TLS alone, bounded in time and size, and nothing is changed there.

The standard library's client, and not one on top of it: those hand out parsed mails, and what is kept here is the bytes. The
folder is opened by EXAMINE and mails are read by PEEK, so that nothing is marked as read, moved or deleted.
"""

import imaplib
import ipaddress
import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, Final

from django.conf import settings

from tenants.crypto.secret import Secret

TIMEOUT: Final = 15.0  # seconds for each answer
LARGEST: Final = 26 * 1024 * 1024  # bytes that are read at once; what is larger is told by its size before
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_SIZE = re.compile(rb"UID (\d+)\b.*?RFC822\.SIZE (\d+)|RFC822\.SIZE (\d+)\b.*?UID (\d+)")


class MailboxError(Exception):
    """The mailbox cannot be read. `code` is its stable name, for rows; the server's words are never kept."""

    code: ClassVar[str] = "unreachable"


class UnknownHost(MailboxError):
    code = "unknown_host"


class HostRefused(MailboxError):
    """An address of a private network, where a stranger must not have our servers knock."""

    code = "host_refused"


class TimedOut(MailboxError):
    code = "timed_out"


class NotTrusted(MailboxError):
    """No TLS, or a certificate of somebody else's."""

    code = "not_trusted"


class SignInRefused(MailboxError):
    code = "sign_in_refused"


class FolderMissing(MailboxError):
    code = "folder_missing"


class BadAnswer(MailboxError):
    code = "bad_answer"


@dataclass(frozen=True, slots=True)
class Account:
    """Where a mailbox is, and who may read it."""

    host: str
    port: int
    username: str
    password: Secret
    folder: str


class Folder:
    """An open folder. Its mails are named by UIDs, which mean nothing once `uid_validity` has changed."""

    def __init__(self, client: imaplib.IMAP4) -> None:
        self._client = client
        self.uid_validity = self._number("UIDVALIDITY")
        self.uid_next = self._number("UIDNEXT")

    def after(self, uid: int) -> list[int]:
        """The UIDs behind this one, ascending. Asked for "n:*", a server names the last mail in any case."""
        return [each for each in self._search(f"UID {uid + 1}:*") if each > uid]

    def since(self, day: date) -> list[int]:
        """The UIDs of the mails that came in on that day or later, ascending."""
        return self._search(f"SINCE {day.day:02}-{_MONTHS[day.month - 1]}-{day.year}")

    def sizes(self, uids: list[int]) -> dict[int, int]:
        """Bytes of each mail; one that has gone meanwhile is not named."""
        found: dict[int, int] = {}
        for item in self._fetch(",".join(map(str, uids)), "(UID RFC822.SIZE)") if uids else []:
            match = _SIZE.search(item[0] if isinstance(item, tuple) else item or b"")
            if match:
                uid, size = (match[1], match[2]) if match[1] else (match[4], match[3])
                found[int(uid)] = int(size)
        return found

    def whole(self, uid: int) -> bytes | None:
        """The whole mail; None when it has gone."""
        return self._literal(uid, "(UID BODY.PEEK[])")

    def head(self, uid: int) -> bytes | None:
        """Its header, at most 100 kB of it."""
        return self._literal(uid, "(UID BODY.PEEK[HEADER]<0.100000>)")

    def _literal(self, uid: int, what: str) -> bytes | None:
        for item in self._fetch(str(uid), what):
            if isinstance(item, tuple):
                return bytes(item[1])
        return None

    def _fetch(self, uids: str, what: str) -> list[Any]:
        status, data = self._client.uid("FETCH", uids, what)
        if status != "OK":
            raise BadAnswer
        return list(data)

    def _search(self, criteria: str) -> list[int]:
        status, data = self._client.uid("SEARCH", criteria)
        words = b" ".join(part for part in data if isinstance(part, bytes)).split()
        if status != "OK" or not all(word.isdigit() for word in words):
            raise BadAnswer
        return sorted(map(int, words))

    def _number(self, name: str) -> int:
        _, data = self._client.response(name)
        value = data[0] if data else None
        return int(value) if isinstance(value, bytes) and value.isdigit() else 0


@contextmanager
def opened(account: Account) -> Iterator[Folder]:
    """The account's folder, to read. Raises a MailboxError, also for what goes wrong while it is open."""
    client: imaplib.IMAP4 | None = None
    try:
        client, folder = _enter(account)
        yield folder
    except MailboxError:
        raise
    except TimeoutError:
        raise TimedOut from None
    except ssl.SSLError:  # A certificate that does not fit is one too.
        raise NotTrusted from None
    except imaplib.IMAP4.abort:
        raise MailboxError from None  # the connection broke off
    except imaplib.IMAP4.error:
        raise BadAnswer from None
    except OSError:
        raise MailboxError from None
    finally:
        if client is not None:
            _leave(client)


def _enter(account: Account) -> tuple[imaplib.IMAP4, Folder]:
    client = _Client(account.host, account.port)
    try:
        _sign_in(client, account)
        return client, _folder(client, account.folder)
    except BaseException:
        _leave(client)
        raise


def _leave(client: imaplib.IMAP4) -> None:
    with suppress(imaplib.IMAP4.error, OSError, ValueError):
        client.shutdown()


class _Client(imaplib.IMAP4_SSL):
    """TLS to an address that may be knocked at, and no answer larger than we ask for."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(host, port, ssl_context=ssl.create_default_context(), timeout=TIMEOUT)

    def _create_socket(self, timeout: float | None) -> ssl.SSLSocket:
        plain = socket.create_connection((_address(self.host, self.port), self.port), timeout)
        try:
            return self.ssl_context.wrap_socket(plain, server_hostname=self.host)
        except BaseException:
            plain.close()
            raise

    def read(self, size: int) -> bytes:
        if size > LARGEST:
            raise BadAnswer
        return bytes(super().read(size))


def _address(host: str, port: int) -> str:
    """One address of the host, asked for once: a second answer could be another one."""
    try:
        found = [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError):
        raise UnknownHost from None
    allowed = [
        each for each in found if settings.MAILBOXES_AT_HOME or ipaddress.ip_address(each.split("%")[0]).is_global
    ]
    if not allowed:
        raise HostRefused
    return allowed[0]


def _sign_in(client: imaplib.IMAP4, account: Account) -> None:
    """PLAIN where the server knows it: LOGIN takes no letters beyond ASCII."""
    failed: MailboxError | None = None
    try:
        if "AUTH=PLAIN" in client.capabilities:
            client.authenticate("PLAIN", lambda _: f"\0{account.username}\0{account.password.reveal()}".encode())
        else:
            client.login(account.username, account.password.reveal())
    except TimeoutError:
        failed = TimedOut()
    except (imaplib.IMAP4.abort, OSError):
        failed = MailboxError()  # the connection broke off
    except (imaplib.IMAP4.error, UnicodeError):
        failed = SignInRefused()
    except Exception:  # what nobody foresees of a server's nonsense
        failed = BadAnswer()
    # Outside of the `except`: an error's context has the frames of imaplib, and the password stands in them.
    if failed is not None:
        raise failed


def _folder(client: imaplib.IMAP4, name: str) -> Folder:
    quoted = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    status, _ = client.select(quoted, readonly=True)
    if status != "OK":
        raise FolderMissing
    return Folder(client)
