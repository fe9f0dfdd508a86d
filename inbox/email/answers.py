"""How handing a mail over ended: what a transport answers, and the three ways in which it fails. Words are of the code.

Which of the three it was decides whether a mail may be tried again, so a transport says `NotNow` only where it knows that
nobody has taken the mail, and `Lost` wherever it does not know.
"""

from collections.abc import Callable
from dataclasses import dataclass

# Called when everything is ready and before the text leaves. False: somebody else has the mail now, and it must not leave.
HandingOver = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Sent:
    """The server has the mail. `refused`: for whom it did not take it; `provider_id`: how a provider calls it later."""

    provider_id: str = ""
    refused: tuple[str, ...] = ()


class NotSent(Exception):
    """`word`: why, as it is kept. `refused`: the receivers whom the server did not want."""

    def __init__(self, word: str, refused: tuple[str, ...] = ()) -> None:
        super().__init__(word)
        self.word, self.refused = word, refused


class Refused(NotSent):
    """The server does not take this mail, now or later."""


class NotNow(NotSent):
    """Nobody has the mail, and it can be tried again."""


class Lost(NotSent):
    """The text was handed over, and what became of it was not said."""


class Superseded(Exception):
    """The claim ran out before the text left: whoever took over decides, and nothing was handed over here."""
