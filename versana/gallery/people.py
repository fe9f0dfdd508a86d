"""Example people: Members in its states, an invitation's page for each reader, and the data of a workspace in each phase."""

from dataclasses import replace
from datetime import datetime

from django.utils import timezone

from tenants.context_processors import initials
from tenants.forms.members import InviteForm, JoinForm
from tenants.pages.data import ClosedPage, DataPage, ExportCard, ExportsPanel
from tenants.pages.members import Asked, Mark, MembersPage, Offer, Person
from tenants.pages.people import FarewellPage, InvitationPage, OfferedPage
from tenants.roles import Role
from versana.gallery.settings import nav
from versana.gallery.stores import ago

_HERE = "/_gallery/members/"
_LONG = "Wilhelmina-Alexandrine-von-und-zu-Hohenlohe-Waldenburg-Schillingsfürst"
_BOTH, _ALONE = Mark("done", "lock", "Second factor"), Mark("idle", "slashed", "Password only")
_OPEN, _EXPIRED = Mark("move", "dashed", "Open"), Mark("wait", "clock", "Expired")


def later(days: int) -> datetime:
    return timezone.now() - (ago(days=days) - timezone.now())


def person(number: int, name: str, role: str, **changes: object) -> Person:
    given = Person(
        number=number,
        name=name,
        initials=initials(name),
        hue=number % 6,
        email=f"{name.split()[0].lower()}@harborpine.example",
        role=role,
        since=ago(days=40 * number),
        is_you=False,
        second_factor=_ALONE,
        role_url=_HERE,
        remove_url=_HERE,
    )
    return replace(given, **changes)  # type: ignore[arg-type]


def team() -> tuple[Person, ...]:
    return (
        person(1, "Olivia Chen", "Owner", is_you=True, second_factor=_BOTH, role_url="", remove_url=""),
        person(2, "Adam Brandt", "Administrator", second_factor=_BOTH),
        person(3, "Ava Brandt", "Agent"),
    )


def asked(number: int, email: str, role: str, state: Mark, sent: int) -> Asked:
    return Asked(number, email, role, "Olivia Chen", ago(days=sent), later(7 - sent), state, _HERE, _HERE)


def members(**changes: object) -> MembersPage:
    people = team()
    page = MembersPage(
        people=people,
        count=len(people),
        notice="",
        error="",
        form=InviteForm(giver=Role.OWNER),
        invite_url=_HERE,
        invitations=(asked(2, "lea@harborpine.example", "Agent", _OPEN, 1), asked(1, "mo@harborpine.example", "Administrator", _EXPIRED, 9)),
        offer=None,
        hand_over_url=_HERE,
        only_owner=True,
        earlier_url="",
        later_url="",
        shown="1–3",
        settings_nav=nav("Members"),
    )  # fmt: skip
    return replace(page, **changes)  # type: ignore[arg-type]


def alone() -> MembersPage:
    """As on the first day."""
    return members(people=team()[:1], count=1, invitations=())


def offered() -> MembersPage:
    """As the owner sees it who has offered the workspace a moment ago."""
    offer = Offer("Olivia Chen", "Adam Brandt", later(7), withdraw_url=_HERE)
    word = "The workspace is offered. You stay its owner until the offer is accepted."
    return members(offer=offer, hand_over_url="", notice=word)


def asked_to_take() -> MembersPage:
    """As an administrator sees it to whom it is offered: owners are not theirs to change."""
    offer = Offer("Olivia Chen", "Adam Brandt", later(7), answer_url="/_gallery/offered/")
    olivia, adam, ava = team()
    people = (replace(olivia, is_you=False), replace(adam, is_you=True, remove_url="", leave_url=_HERE), ava)
    return members(people=people, offer=offer, hand_over_url="", form=InviteForm(giver=Role.ADMINISTRATOR))


def of_an_agent() -> MembersPage:
    plain = tuple(replace(one, second_factor=None, role_url="", remove_url="", is_you=False) for one in team())
    people = (*plain[:2], replace(plain[2], is_you=True, leave_url=_HERE))
    return members(people=people, form=None, invitations=(), hand_over_url="")


def refused() -> MembersPage:
    form = InviteForm({"email": "not an address", "role": "agent"}, giver=Role.OWNER)
    form.add_error("email", "This is not an e-mail address.")
    return members(form=form, error="An invitation to this address is open already. Send it again instead.")


def hostile() -> MembersPage:
    """Names and addresses as long as they may be, from right to left too, on the second page of many."""
    email = f"{_LONG.lower()}@{'harborpine-' * 4}.example"
    people = (
        person(1, _LONG, "Administrator", email=email),
        person(2, "עוליביה חן", "Owner", email="olivia@harborpine.example", is_you=True, role_url="", remove_url=""),
        person(3, "<script>alert(1)</script>", "Agent", email="x@harborpine.example"),
    )
    invitations = (asked(1, email, "Administrator", _EXPIRED, 9),)
    return members(
        people=people, count=103, shown="51–100", earlier_url="?page=1", later_url="?page=3", invitations=invitations
    )


# --- What a link in a mail leads to -----------------------------------------------------------------------------------
def farewell(name: str = "Ava Brandt") -> FarewellPage:
    return FarewellPage(name, "Harbor & Pine", _HERE, _HERE)


def offer_to_answer() -> OfferedPage:
    return OfferedPage("Harbor & Pine", "Olivia Chen", later(7), _HERE, _HERE, _HERE)


def invitation(step: str, **changes: object) -> InvitationPage:
    page = InvitationPage(
        step, "Harbor & Pine", "Olivia Chen", "Agent", "lea@harborpine.example", sign_in_url=_HERE, again_url=_HERE
    )
    return replace(page, **changes)  # type: ignore[arg-type]


def to_join() -> InvitationPage:
    return invitation("join", form=JoinForm(email="lea@harborpine.example"))


def for_somebody_else() -> InvitationPage:
    return invitation("wrong", email="l…@harborpine.example", own_email="ava@harborpine.example")


# --- The data of a workspace, and its end -------------------------------------------------------------------------------
def export(number: int, state: str, percent: int | None = None, done: int = 0) -> ExportCard:
    ready = state == "ready"
    url = "/_gallery/data/" if ready else ""
    expires = later(5) if ready else None
    return ExportCard(
        number, f"Export {number}", "Olivia Chen", ago(days=9 - number), state, percent, done, 23_600, 912_384, expires, url, url
    )  # fmt: skip


def data(*exports: ExportCard, **changes: object) -> DataPage:
    # Nothing polls here: a page of the gallery shows its state for as long as one looks.
    panel = ExportsPanel(exports, "/_gallery/data/", may_ask=True, polling=False, kept_days=7)
    page = DataPage(panel, "Harbor & Pine", None, 30, "/_gallery/data/", "/_gallery/data/", nav("Data"))
    return replace(page, **changes)  # type: ignore[arg-type]


def exports() -> DataPage:
    running = (export(4, "waiting"), export(3, "running", 61, 14_396))
    return data(*running, export(2, "ready"), export(1, "failed"))


def full_exports() -> DataPage:
    page = data(*(export(number, "ready") for number in (3, 2, 1)))
    return replace(page, panel=replace(page.panel, may_ask=False, full=3))


def closed(*, over: bool = False) -> ClosedPage:
    return ClosedPage("Harbor & Pine", later(30), "America/New_York", over)
