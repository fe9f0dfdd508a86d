"""Codes as an authenticator app computes them; knows nothing of the product."""

import base64
import hashlib
import hmac
import struct
import time


def code_of(secret: str, *, at: float = 0) -> str:
    """RFC 6238, written down here a second time: what an app shows."""
    counter = struct.pack(">Q", int(at or time.time()) // 30)
    digest = hmac.new(base64.b32decode(secret), counter, hashlib.sha1).digest()
    offset = digest[-1] & 15
    number = struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"
