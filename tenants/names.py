"""Names of people and workspaces: in one line, with something to see, and without signs that turn the letters around them.

Hebrew and Arabic turn by themselves, and keep their joiners and marks; what is removed is what only an editor of texts needs,
and what makes one name look like another or like nothing.
"""

import re
import unicodedata

# Embeddings, overrides and isolates of the order of letters (Unicode's UAX 9), and signs without any width: soft hyphen,
# zero-width space, word joiner and its invisible kin, byte order mark, annotations; controls and halves of pairs.
_REMOVED = re.compile(
    "[\u202a-\u202e\u2066-\u2069\u00ad\u180e\u200b\u2060-\u2064\u206a-\u206f\ufeff\ufff9-\ufffb\x00-\x1f\x7f-\x9f\ud800-\udfff]"
)
# Letters and signs by their category, with nothing to see: the fillers of Korean, and Braille without a dot.
_BLANK = frozenset("\u115f\u1160\u3164\uffa0\u2800")


class Unseen(ValueError):
    """A name of which nothing can be seen."""

    def __init__(self) -> None:
        super().__init__("This name cannot be seen: type letters, digits or signs.")


def shown(name: str) -> str:
    """A name as it is shown beside other words. Empty where nothing of it can be seen."""
    line = " ".join(_REMOVED.sub("", " ".join(name.split())).split())
    return line if any(map(_seen, line)) else ""


def clean(name: str) -> str:
    """A name as it is kept. Raises Unseen."""
    kept = shown(name)
    if not kept:
        raise Unseen
    return kept


def _seen(sign: str) -> bool:
    """Not blank, and neither a space, a control, a mark on another letter, nor something that Unicode does not know."""
    return sign not in _BLANK and unicodedata.category(sign)[0] not in "ZCM"
