"""What a file is by its own first bytes, whatever its sender calls it. Pure; nothing is decoded.

Only pictures in four formats are ever shown, because a browser can do nothing with them but paint them. What runs (SVG, HTML,
documents with programs in them) is handed out to be saved, and never opened here.
"""

import struct
from dataclasses import dataclass

SHOWN_LIMIT = 10_000_000  # bytes
AREA_LIMIT = 50_000_000  # pixels: four bytes each in a browser's memory, however small the file is
PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
_UNKNOWN = "application/octet-stream"
_PASSIVE = ("audio/", "video/", "font/", "text/plain", "text/csv", "text/calendar")
# Endings that an operating system runs, or whose programs may run what is inside.
_RUNS = frozenset(
    [
        "ade",
        "adp",
        "apk",
        "app",
        "appimage",
        "application",
        "appref-ms",
        "bat",
        "chm",
        "class",
        "cmd",
        "com",
        "cpl",
        "deb",
        "dll",
        "dmg",
        "docm",
        "dotm",
        "exe",
        "gadget",
        "hta",
        "htm",
        "html",
        "inf",
        "img",
        "ins",
        "iso",
        "isp",
        "jar",
        "js",
        "jse",
        "jnlp",
        "lib",
        "lnk",
        "mde",
        "mht",
        "mhtml",
        "msc",
        "msi",
        "msp",
        "mst",
        "one",
        "pif",
        "pkg",
        "potm",
        "ppam",
        "pptm",
        "ps1",
        "psm1",
        "py",
        "rb",
        "reg",
        "rpm",
        "scr",
        "scf",
        "sh",
        "shtml",
        "svg",
        "swf",
        "sys",
        "url",
        "vb",
        "vbe",
        "vbs",
        "vhd",
        "vhdx",
        "vxd",
        "ws",
        "wsc",
        "wsf",
        "wsh",
        "xhtml",
        "xll",
        "xlam",
        "xlsm",
        "xltm",
        "xml",
        "xsl",
    ]
)


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that may be shown: its type, and its size in pixels."""

    content_type: str
    width: int
    height: int


def picture(content: bytes) -> Picture | None:
    """The picture that these bytes are. None for what is none, is damaged in its head, or too large to be shown."""
    if len(content) > SHOWN_LIMIT:
        return None
    for content_type, measure in _MEASURES.items():
        try:
            size = measure(content)
        except (struct.error, IndexError):
            size = None
        if size and 0 < size[0] * size[1] <= AREA_LIMIT:
            return Picture(content_type, *size)
    return None


def checked(declared: str, content: bytes) -> str:
    """The type that a file is kept under: what its bytes say where they say something, else what the sender says of passive
    kinds, else none."""
    found = picture(content)
    if found:
        return found.content_type
    if content.startswith(b"%PDF-"):
        return "application/pdf"
    return declared if declared.startswith(_PASSIVE) else _UNKNOWN


def may_run(name: str) -> bool:
    """Whether a file of this name does something when somebody opens it."""
    return name.rstrip(". ").rpartition(".")[2].lower() in _RUNS


def _png(content: bytes) -> tuple[int, int] | None:
    if not content.startswith(b"\x89PNG\r\n\x1a\n") or content[12:16] != b"IHDR":
        return None
    return struct.unpack(">II", content[16:24])


def _gif(content: bytes) -> tuple[int, int] | None:
    if content[:6] not in (b"GIF87a", b"GIF89a"):
        return None
    return struct.unpack("<HH", content[6:10])


def _webp(content: bytes) -> tuple[int, int] | None:
    if content[:4] != b"RIFF" or content[8:12] != b"WEBP":
        return None
    kind = content[12:16]
    if kind == b"VP8X":
        return (1 + int.from_bytes(content[24:27], "little"), 1 + int.from_bytes(content[27:30], "little"))
    if kind == b"VP8L":
        bits = int.from_bytes(content[21:25], "little")
        return (1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF))
    if kind == b"VP8 ":
        width, height = struct.unpack("<HH", content[26:30])
        return (width & 0x3FFF, height & 0x3FFF)
    return None


def _jpeg(content: bytes) -> tuple[int, int] | None:
    """From segment to segment to the one that tells the size: each is longer than its own two bytes, so this ends."""
    if not content.startswith(b"\xff\xd8\xff"):
        return None
    place = 2
    while place + 9 <= len(content) and content[place] == 0xFF:
        marker = content[place + 1]
        if marker == 0xFF:  # filling
            place += 1
            continue
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", content[place + 5 : place + 9])
            return (width, height)
        length = int.from_bytes(content[place + 2 : place + 4], "big")
        if length < 2:
            return None
        place += 2 + length
    return None


_MEASURES = {"image/png": _png, "image/jpeg": _jpeg, "image/gif": _gif, "image/webp": _webp}
