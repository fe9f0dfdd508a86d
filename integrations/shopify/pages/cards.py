"""Page objects of Settings -> General -> Shopify Integration: store cards, permissions, the failure page.

Frozen and complete; `stores.py` builds them for the person who looks, so a card lacks the buttons that person may not press.
"""

from dataclasses import dataclass
from datetime import datetime

from integrations.shopify.vocabulary import Badge
from tenants.pages.nav import SettingsNav


@dataclass(frozen=True, slots=True)
class HealthLine:
    """One line of a store card: "Permissions", "Last successful read" and the like."""

    label: str
    tone: str  # done, wait, stop, idle
    shape: str
    value: str
    at: datetime | None = None  # when set, shown as an age instead of `value`


@dataclass(frozen=True, slots=True)
class ProbeLine:
    """What a check found of one part of the connection: in words, and what to do."""

    title: str
    tone: str
    shape: str
    text: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class CheckPart:
    """The part of a card that *Check connection* fills. `state`: none, running, lost, done."""

    number: int
    domain: str
    state: str
    asked_at: datetime | None
    probes: tuple[ProbeLine, ...]
    summary: str
    start_url: str  # empty for those who may not
    poll_url: str
    poll_delay_ms: int
    again_url: str  # for a browser without scripts
    fresh: bool = False  # of the last minutes: shown unfolded


@dataclass(frozen=True, slots=True)
class AppChoice:
    """An app that a store can be connected with."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class StoreCard:
    """One store as a card. The urls are empty for those who may not use them."""

    number: int
    domain: str
    name: str
    state: str
    badge: Badge
    connected_by: str
    connected_at: datetime | None
    problem_title: str
    problem_text: str
    lines: tuple[HealthLine, ...]
    disconnect_url: str
    reconnect_url: str
    remove_url: str = ""  # of one that was uninstalled in Shopify: nothing is left to disconnect
    sentence: str = ""  # what an agent reads instead of lines
    notes: tuple[str, ...] = ()  # what Shopify hides, and since when reading fails
    check: CheckPart | None = None


@dataclass(frozen=True, slots=True)
class Panel:
    """The Shopify section of Settings -> General."""

    stores: tuple[StoreCard, ...]
    may_connect: bool
    connect_url: str
    permissions_url: str
    domain_entry: bool  # whether a domain may be typed, for at least one app
    suggestions: tuple[str, ...]  # shop domains offered in the field, in the demo
    error: str  # why the last form was refused
    entered: str
    sentence_for_others: str  # what administrators and agents read instead of buttons
    just_connected: str = ""  # domain that has just been connected, for a word of success
    listing_url: str = ""  # where the app is installed from Shopify's side
    apps: tuple[AppChoice, ...] = ()  # more than one: the form asks which
    apps_url: str = ""  # the workspace's own apps; empty for those who may not enter any
    entered_app: str = ""


@dataclass(frozen=True, slots=True)
class DisconnectPage:
    domain: str
    name: str
    disconnect_url: str
    back_url: str
    error: str
    uninstalled: bool = False  # in Shopify: nothing is left to disconnect but its place in the list


@dataclass(frozen=True, slots=True)
class PermissionRow:
    scope: str
    name: str
    reads: str
    why: str
    required: bool


@dataclass(frozen=True, slots=True)
class PermissionsPage:
    rows: tuple[PermissionRow, ...]
    never: tuple[str, ...]
    revoke: tuple[str, ...]
    back_url: str
    settings_nav: SettingsNav


@dataclass(frozen=True, slots=True)
class FailurePage:
    """Why an authorisation failed, in plain words, with what support needs to find it."""

    title: str
    explanation: str
    advice: tuple[str, ...]
    reference: str
    at: datetime
    shop_domain: str
    retry_url: str
