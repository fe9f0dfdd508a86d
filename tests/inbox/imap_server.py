"""A mailbox server for tests: as much of IMAP as a reader needs, over real TLS, and every way to misbehave."""

import asyncio
import base64
import datetime
import ipaddress
import re
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NOW = datetime.datetime.now(datetime.UTC)


@dataclass
class Box:
    """What the server has, and how it behaves. `mails`: by UID. `told`: every command, as it came."""

    mails: dict[int, bytes] = field(default_factory=dict)
    uid_validity: int = 1
    password: str = "a password of hers"
    plain: bool = True  # knows AUTHENTICATE PLAIN
    # Before a command of this name: hang, drop, or say nonsense.
    hangs_at: str = ""
    drops_at: str = ""
    nonsense_at: str = ""
    claims_size: int = 0  # of every mail, whatever it is
    told: list[str] = field(default_factory=list)
    connections: int = 0

    def add(self, raw: bytes) -> int:
        uid = max(self.mails, default=0) + 1
        self.mails[uid] = raw
        return uid


class Server:
    """Runs in a thread of its own until it is stopped."""

    def __init__(self, box: Box, folder: Path) -> None:
        self.box = box
        self.certificate = _certificate(folder)
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> int:
        self._thread.start()
        assert self._ready.wait(10)
        return self.port

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=context))
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.box.connections += 1
        try:
            await _Talk(self.box, reader, writer).run()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError, ssl.SSLError):
            pass
        finally:
            writer.close()


class _Talk:
    def __init__(self, box: Box, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.box, self.reader, self.writer = box, reader, writer

    async def run(self) -> None:
        await self._misbehave("GREETING")
        self._say("* OK here")
        while line := await self.reader.readline():
            tag, _, command = line.decode("utf-8", "replace").strip().partition(" ")
            self.box.told.append(command)
            name = command.replace("UID ", "UID_").split(" ")[0].upper()
            await self._misbehave(name)
            answer: Callable[[str, str], object] | None = getattr(self, f"_{name.lower()}", None)
            if answer is None:
                self._say(f"{tag} BAD unknown")
            else:
                result = answer(tag, command)
                if asyncio.iscoroutine(result):
                    await result
            await self.writer.drain()
            if name == "LOGOUT":
                return

    async def _misbehave(self, name: str) -> None:
        if self.box.hangs_at == name:
            await asyncio.sleep(60)
        if self.box.drops_at == name:
            raise ConnectionError
        if self.box.nonsense_at == name:
            self._say("\x00\x01 220 smtp.example ESMTP {99999999999}")
            raise ConnectionError

    def _say(self, line: str) -> None:
        self.writer.write(f"{line}\r\n".encode())

    def _capability(self, tag: str, command: str) -> None:
        self._say(f"* CAPABILITY IMAP4rev1{' AUTH=PLAIN' if self.box.plain else ''}")
        self._say(f"{tag} OK done")

    async def _authenticate(self, tag: str, command: str) -> None:
        self._say("+ go on")
        await self.writer.drain()
        given = base64.b64decode((await self.reader.readline()).strip()).decode().split("\0")
        self._say(f"{tag} OK done" if given[2] == self.box.password else f"{tag} NO [AUTHENTICATIONFAILED] no")

    def _login(self, tag: str, command: str) -> None:
        self._say(f"{tag} OK done" if f'"{self.box.password}"' in command else f"{tag} NO no")

    def _examine(self, tag: str, command: str) -> None:
        if "INBOX" not in command:
            self._say(f"{tag} NO no such folder")
            return
        self._say(f"* {len(self.box.mails)} EXISTS")
        self._say(f"* OK [UIDVALIDITY {self.box.uid_validity}] it is")
        self._say(f"* OK [UIDNEXT {max(self.box.mails, default=0) + 1}] next")
        self._say(f"{tag} OK [READ-ONLY]")

    def _uid_search(self, tag: str, command: str) -> None:
        found = sorted(self.box.mails)
        if match := re.search(r"UID (\d+):\*", command):
            found = [uid for uid in found if uid >= int(match[1])] or found[-1:]
        self._say(f"* SEARCH {' '.join(map(str, found))}".rstrip())
        self._say(f"{tag} OK done")

    def _uid_fetch(self, tag: str, command: str) -> None:
        uids = [int(n) for n in re.search(r"FETCH ([\d,]+)", command)[1].split(",")]  # type: ignore[index]
        for number, uid in enumerate(uids, 1):
            raw = self.box.mails.get(uid)
            if raw is None:
                continue
            if "RFC822.SIZE" in command:
                self._say(f"* {number} FETCH (UID {uid} RFC822.SIZE {self.box.claims_size or len(raw)})")
                continue
            part = raw.split(b"\n\n")[0] + b"\n\n" if "HEADER" in command else raw
            self.writer.write(b"* %d FETCH (UID %d BODY[] {%d}\r\n" % (number, uid, len(part)) + part + b")\r\n")
        self._say(f"{tag} OK done")

    def _logout(self, tag: str, command: str) -> None:
        self._say("* BYE")
        self._say(f"{tag} OK done")


def _certificate(folder: Path) -> Path:
    """Of localhost and 127.0.0.1, signed by itself; with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - datetime.timedelta(days=1))
        .not_valid_after(NOW + datetime.timedelta(days=1))
        .add_extension(names, critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    plain = serialization.NoEncryption()
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path
