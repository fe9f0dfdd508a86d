"""A zip file made in stretches by one process after another, in pieces of a megabyte, never whole in memory.

The standard library writes each stretch as a zip of its own that begins where the stretch before it ended. The directory it
writes at its end is kept apart; all of them, and one end record, follow the last stretch. No framework in here.
"""

import struct
import zipfile
from collections.abc import Callable

PIECE = 1_000_000
# Where directories and the end record stand among the numbered pieces: after all data, whatever was written first.
DIRECTORY, END = 1_000_000_000, 2_000_000_000

_END = struct.Struct("<4s4H2LH")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR = struct.Struct("<4sLQL")
_MOST_16, _MOST_32 = 0xFFFF, 0xFFFFFFFF


class Stretch:
    """One stretch: `archive` takes files; `keep(position, bytes)` is called for each piece; `finish()` ends it."""

    def __init__(self, *, size: int, position: int, keep: Callable[[int, bytes], None]) -> None:
        self._begun_at, self._position, self._keep = position, position, keep
        self._offset, self._buffer, self._diverted = size, bytearray(), False
        self.archive = zipfile.ZipFile(self, "w", zipfile.ZIP_DEFLATED, compresslevel=6)  # type: ignore[call-overload]

    # What zipfile asks of a file that cannot seek.
    def write(self, data: bytes) -> int:
        self._buffer += data
        self._offset += len(data)
        while len(self._buffer) >= PIECE and not self._diverted:
            self._give(PIECE)
        return len(data)

    def tell(self) -> int:
        return self._offset

    def flush(self) -> None:
        """Pieces leave when they are full."""

    def finish(self) -> tuple[int, int, int]:
        """Keep the rest and the directory. The next position, the size so far, and how many files there were."""
        if self._buffer:
            self._give(len(self._buffer))
        size, entries = self._offset, len(self.archive.infolist())
        self._diverted = True
        self.archive.close()
        length = _END.unpack(self._buffer[-_END.size :])[5]
        self._keep(DIRECTORY + self._begun_at, bytes(self._buffer[:length]))
        return self._position, size, entries

    def _give(self, length: int) -> None:
        self._keep(self._position, bytes(self._buffer[:length]))
        del self._buffer[:length]
        self._position += 1


def end_record(*, entries: int, directory: int, size: int) -> bytes:
    """What stands behind directories of `directory` bytes that begin at `size`."""
    short = _END.pack(
        b"PK\x05\x06",
        *(0, 0, min(entries, _MOST_16), min(entries, _MOST_16)),
        *(min(directory, _MOST_32), min(size, _MOST_32), 0),
    )
    if entries < _MOST_16 and directory < _MOST_32 and size < _MOST_32:
        return short
    long = _END_64.pack(b"PK\x06\x06", _END_64.size - 12, 45, 45, 0, 0, entries, entries, directory, size)
    return long + _LOCATOR.pack(b"PK\x06\x07", 0, size + directory, 1) + short
