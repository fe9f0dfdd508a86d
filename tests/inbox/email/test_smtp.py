"""One mail to a server that fails at each step: what may be tried again, what not, and what is not known."""

import time
from collections.abc import Iterator

import pytest

from inbox.email import smtp
from inbox.email.answers import Lost, NotNow, Refused, Sent, Superseded
from tests.inbox.smtp_server import KINDS, STEPS, Fault, SmtpServer, smtp_server

TEXT = b"Message-ID: <1@shop.example>\r\nSubject: x\r\n\r\nHello\r\n.\r\n..two\r\n"
MAYA, PRIYA = "maya@lindqvist.example", "priya@rao.example"


@pytest.fixture
def server() -> Iterator[SmtpServer]:
    with smtp_server() as running:
        yield running


class Word:
    """Our note that the text leaves."""

    def __init__(self, answer: bool = True) -> None:
        self.answer, self.asked = answer, 0

    def __call__(self) -> bool:
        self.asked += 1
        return self.answer


def hand_over(
    server: SmtpServer,
    *,
    to: tuple[str, ...] = (MAYA,),
    whole: bool = True,
    word: Word | None = None,
    data: bytes = TEXT,
) -> Sent:
    return smtp.hand_over(
        server=smtp.Server("127.0.0.1", server.port, step_seconds=0.3, answer_seconds=0.3),
        sender="support@shop.example",
        recipients=to,
        data=data,
        whole=whole,
        handing_over=word or Word(),
    )


def expected(step: str, kind: str) -> type[Exception] | None:
    """What follows from the protocol. A no before MAIL is about us; after the dot only a word of the server's counts."""
    if step == "quit":
        return None
    if kind == "later" or step in ("connect", "ehlo"):
        return NotNow
    if kind == "never":
        return Refused
    return Lost if step in ("content", "accepted") else NotNow


# A server that keeps a mail and says that it does not is left out: nobody could tell.
FAULTS = [(s, k) for s in STEPS for k in KINDS if s not in ("half", "accepted") or k in ("die", "hang")]


@pytest.mark.parametrize(("step", "kind"), [fault for fault in FAULTS if fault[0] != "half"])
def test_a_server_that_fails_at_a_step(server: SmtpServer, step: str, kind: str) -> None:
    server.faults = [Fault(step, kind)]
    word, wanted = Word(), expected(step, kind)
    if wanted is None:
        assert hand_over(server, word=word) == Sent()
    else:
        with pytest.raises(wanted):
            hand_over(server, word=word)
    assert word.asked == int(step in ("content", "accepted", "quit"))
    assert len(server.kept) == int(step in ("accepted", "quit"))


def test_a_connection_that_breaks_in_the_middle_of_the_text_left_nothing(server: SmtpServer) -> None:
    """The dot had not gone: the server throws away what it has, and the mail can go again."""
    server.faults = [Fault("half", "die")]
    with pytest.raises((NotNow, Lost)) as caught:
        hand_over(server, data=TEXT + b"x" * 20_000_000 + b"\r\n")
    assert isinstance(caught.value, NotNow)
    assert server.kept == []


def test_nobody_at_the_door_is_tried_again(server: SmtpServer) -> None:
    server.port = 1
    with pytest.raises(NotNow, match="unreachable"):
        hand_over(server)


def test_a_text_arrives_byte_for_byte(server: SmtpServer) -> None:
    assert hand_over(server) == Sent()
    assert [each.data for each in server.kept] == [TEXT]
    assert server.kept[0].sender == "support@shop.example"


def test_a_text_that_does_not_end_with_a_line_arrives_whole(server: SmtpServer) -> None:
    hand_over(server, data=b"Message-ID: <1@a.example>\r\n\r\nend")
    assert server.kept[0].data.endswith(b"end\r\n")


def test_without_our_word_nothing_leaves(server: SmtpServer) -> None:
    with pytest.raises(Superseded):
        hand_over(server, word=Word(answer=False))
    assert server.kept == []


def test_an_unwanted_receiver_is_named_and_the_others_get_it(server: SmtpServer) -> None:
    server.unwanted = {PRIYA: 550}
    assert hand_over(server, to=(MAYA, PRIYA)) == Sent(refused=(PRIYA,))
    assert server.kept[0].recipients == (MAYA,)


def test_nobody_gets_it_while_one_is_put_off_until_patience_ends(server: SmtpServer) -> None:
    server.unwanted = {PRIYA: 450}
    with pytest.raises(NotNow, match="put_off"):
        hand_over(server, to=(MAYA, PRIYA))
    assert server.kept == []
    assert hand_over(server, to=(MAYA, PRIYA), whole=False) == Sent(refused=(PRIYA,))


def test_a_server_that_wants_none_of_the_receivers_refuses(server: SmtpServer) -> None:
    server.unwanted = {MAYA: 550, PRIYA: 553}
    with pytest.raises(Refused, match="recipients_refused") as caught:
        hand_over(server, to=(MAYA, PRIYA))
    assert caught.value.refused == (MAYA, PRIYA)


def test_a_greylisting_server_takes_it_the_second_time(server: SmtpServer) -> None:
    server.greylisting = True
    with pytest.raises(NotNow, match="put_off"):
        hand_over(server)
    assert hand_over(server) == Sent()


def test_a_mail_that_is_too_large_is_not_begun(server: SmtpServer) -> None:
    server.features = ("SIZE 10",)
    with pytest.raises(Refused, match="too_large"):
        hand_over(server)


def test_a_server_without_encryption_gets_nothing_where_it_is_asked_for(server: SmtpServer) -> None:
    asked = smtp.Server("127.0.0.1", server.port, starttls=True, step_seconds=0.3)
    with pytest.raises(NotNow):
        smtp.hand_over(
            server=asked, sender="a@b.example", recipients=(MAYA,), data=TEXT, whole=True, handing_over=Word()
        )
    assert server.kept == []


def test_all_steps_together_have_an_end(server: SmtpServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that takes its time at each step."""
    monkeypatch.setattr(smtp, "BEFORE_ANSWER_SECONDS", 0.2)
    server.always = Fault("rcpt", "hang")
    begun = time.monotonic()
    with pytest.raises(NotNow, match="timeout"):
        hand_over(server)
    assert time.monotonic() - begun < 1
