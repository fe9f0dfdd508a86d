"""Example pages of Settings -> Mail in: mailboxes in every state, mail that could not be filed, nothing yet, and a wrong entry."""

from inbox.mail_in_pages import FAILURES, MailboxRow, MailInPage, RefusedRow
from inbox.mailbox_form import MailboxForm
from versana.gallery.settings import nav
from versana.gallery.stores import ago

HERE = "/_gallery/mail-in/"


def mailbox(number: int, address: str, state: str, failure: str = "") -> MailboxRow:
    return MailboxRow(
        number=number,
        address=address,
        place="imap.harborpine.example, INBOX",
        state=state,
        polled_at=None if state == "trying" else ago(seconds=40) if state == "works" else ago(days=2),
        failing_since=ago(hours=26) if failure else None,
        failure=str(FAILURES[failure]) if failure else "",
        check_url=HERE,
        remove_url=HERE,
    )


def refused(number: int, reason: str, source: str, size: str, **since: float) -> RefusedRow:
    return RefusedRow(number, reason, source, size, ago(**since), HERE, HERE, HERE)


def page(**changed: object) -> MailInPage:
    given = {
        "address": "harbor-pine@in.example.com",
        "support_addresses": ("help@harborpine.example", "orders@harborpine.example"),
        "general_url": "/_gallery/general/",
        "mailboxes": (
            mailbox(1, "help@harborpine.example", "works"),
            mailbox(2, "orders@harborpine.example", "fails", "sign_in_refused"),
            mailbox(3, "a-rather-long-name-of-a-mailbox@correspondence.harborpine.example", "fails", "not_trusted"),
        ),
        "trying": False,
        "waiting": 3,
        "refused": (
            refused(41, "It does not say whom it is from", "Mail provider", "4 kB", minutes=12),
            refused(38, "It has more than 100 nested parts", "Own mail server", "2310 kB", hours=5),
            refused(12, "It is larger than 25 MB, and is still in the mailbox; this is its header", "Mailbox", "6 kB", days=3),
        ),
        "refused_count": 3,
        "form": MailboxForm(),
        "url": HERE,
        "settings_nav": nav("Mail in"),
    }  # fmt: skip
    return MailInPage(**{**given, **changed})  # type: ignore[arg-type]


def empty() -> MailInPage:
    return page(mailboxes=(), refused=(), refused_count=0, waiting=0, address="", support_addresses=())


def trying() -> MailInPage:
    """Polls for good: the example never comes to know whether the password opens the mailbox."""
    return page(mailboxes=(mailbox(1, "help@harborpine.example", "trying"),), trying=True, url="/_gallery/never/")


def entered_wrongly() -> MailInPage:
    form = MailboxForm({"address": "help", "host": "https://imap.example.com/", "port": "0", "username": "help"})
    form.is_valid()
    return page(form=form, refused=(), refused_count=0, waiting=0)
