"""A passkey in software: what a browser sends after its holder touched it, with or without saying who they are."""

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings
from django.test import Client
from fido2.cose import ES256
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData

from tenants.models import User

PRESENT, VERIFIED, ATTESTED = 1, 4, 64


@dataclass(frozen=True)
class SoftKey:
    of: User
    id: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    private: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def register(self) -> Authenticator:
        """As if its holder had added it to their account."""
        public = AttestedCredentialData.create(
            b"\0" * 16, self.id, ES256.from_cryptography_key(self.private.public_key())
        )
        data = AuthenticatorData.create(_party(), PRESENT | VERIFIED | ATTESTED, 0, public)
        response = {
            "clientDataJSON": _client_data("webauthn.create", "made-up"),
            "attestationObject": websafe_encode(AttestationObject.create("none", data, {})),
        }
        return Authenticator.objects.create(
            user=self.of, type="webauthn", data={"name": "Soft", "credential": self._sent(response)}
        )

    def answer(self, client: Client, *, verified: bool) -> str:
        """To the challenge that this browser was given last. `verified`: by a PIN or a finger, not by touch alone."""
        challenge = client.session["mfa.webauthn.state"]["challenge"]
        data = AuthenticatorData.create(_party(), PRESENT | (VERIFIED if verified else 0), 1)
        asked = _client_data("webauthn.get", challenge)
        signed = bytes(data) + hashlib.sha256(websafe_decode(asked)).digest()
        response = {
            "clientDataJSON": asked,
            "authenticatorData": websafe_encode(bytes(data)),
            "signature": websafe_encode(self.private.sign(signed, ec.ECDSA(hashes.SHA256()))),
            "userHandle": websafe_encode(user_pk_to_url_str(self.of).encode()),
        }
        return json.dumps(self._sent(response))

    def _sent(self, response: dict[str, Any]) -> dict[str, Any]:
        name = websafe_encode(self.id)
        return {"id": name, "rawId": name, "type": "public-key", "response": response, "clientExtensionResults": {}}


def _party() -> bytes:
    return hashlib.sha256((urlsplit(settings.PUBLIC_URL).hostname or "").encode()).digest()


def _client_data(kind: str, challenge: str) -> str:
    return websafe_encode(json.dumps({"type": kind, "challenge": challenge, "origin": settings.PUBLIC_URL}).encode())
