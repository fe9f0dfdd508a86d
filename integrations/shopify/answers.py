"""What each answer of Shopify means: one table, from which all words about a store that does not work are taken.

Codes are those of `integrations.errors`, of what Shopify hides (`types.Denied.reason`), and of what we find ourselves about an
access. What the statuses stand for is Shopify's list (shopify.dev/docs/api/usage/response-codes, read 2026-11-22).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from integrations.shopify.models import Store

Problem = Store.Problem
Text = str | Promise
# What passes by itself is said on the store's card from here on: a hiccup is nothing to see an owner about.
SHOWN_AFTER: Final = timedelta(minutes=5)


class Kind(StrEnum):
    PROBLEM = "problem"  # somebody must act: nothing is read until then, and the owners are told once
    PASSING = "passing"  # Shopify's trouble: reading goes on, with the last known data meanwhile
    OURS = "ours"  # a fault of this installation: like a passing one, but its operator must act
    QUIET = "quiet"  # nothing is wrong with the store: paused, or somebody else is renewing at this moment
    HIDDEN = "hidden"  # Shopify answers and leaves fields out: the rest is shown


class Ends(StrEnum):
    """What ends it."""

    ITSELF = "itself"  # the next read that succeeds
    PROBE = "probe"  # somebody acts at Shopify; a probe now and then finds out (probing.py)
    OWNER = "owner"  # an owner of the workspace connects the store anew
    KEY = "key"  # the sealing key is back (tokens.reopen)


@dataclass(frozen=True, slots=True)
class Meaning:
    """`title` and `fix` are for owners, `agents` for everybody else, `connecting` for who is just connecting the store."""

    kind: Kind
    ends: Ends
    title: Text  # "... since 14:02" may follow
    fix: Text
    agents: Text
    problem: Store.Problem | None = None
    connecting: tuple[str, str] | None = None  # title and explanation, where they are special


def _problem(problem: Store.Problem, ends: Ends, *, fix: Text, agents: Text) -> Meaning:
    return Meaning(Kind.PROBLEM, ends, problem.label, fix, agents, problem)


_REVOKED = replace(
    _problem(
        Problem.ACCESS_REVOKED,
        Ends.OWNER,
        fix=_("Reconnect while signed in to the Shopify account that owns this store. Conversations are untouched; orders show what we last knew."),
        agents=_("An owner of this workspace can reconnect it."),
    ),
    connecting=("Shopify did not accept the approval", "The approval had expired or was already used, so Shopify gave no access. Nothing was stored."),
)  # fmt: skip
_SILENT = Meaning(
    Kind.PASSING,
    Ends.ITSELF,
    _("Shopify has not answered"),
    _("There is nothing to do here: reading goes on by itself when Shopify answers. Shopify tells of its disruptions on shopifystatus.com."),
    _("Shopify has not answered"),
    connecting=("Shopify did not answer", "The approval arrived, but Shopify could not be reached to complete it. Nothing was stored. Try again in a minute."),
)  # fmt: skip
_LIMITED = replace(
    _SILENT,
    title=_("Shopify has limited our requests"),
    fix=_("There is nothing to do here: requests are spread out and go on by themselves. If it lasts, another app may be using up what the store allows."),
    agents=_("Shopify has limited our requests"),
)  # fmt: skip
_UNUSABLE = Meaning(
    Kind.PASSING,
    Ends.ITSELF,
    _("Shopify’s answers could not be used"),
    _("There is nothing to do here: we ask again. If it lasts for hours, tell whoever runs this installation."),
    _("Shopify’s answers could not be used"),
)
_OURS = Meaning(
    Kind.OURS,
    Ends.ITSELF,
    _("Orders could not be read"),
    _("This is a fault of this installation and not of your store. Tell whoever runs it; its log names the cause."),
    _("Orders could not be read"),
)
_QUIET = replace(_SILENT, kind=Kind.QUIET)

ANSWERS: Final[Mapping[str, Meaning]] = {
    # Only somebody can mend these.
    "token_refused": _REVOKED,  # 401, and a renewal did not help
    "grant_refused": _REVOKED,  # the token endpoint's 400 or 401: a dead code or refresh token
    "access_forbidden": replace(  # 403
        _problem(Problem.FORBIDDEN, Ends.PROBE, fix=_("Reconnect while signed in as somebody who may install apps in this store."), agents=_("An owner of this workspace can reconnect it.")),
        connecting=_REVOKED.connecting,
    ),
    "account_frozen": replace(  # 402
        _problem(Problem.STORE_FROZEN, Ends.PROBE, fix=_("Once its bill is settled in Shopify it works again by itself, within a day at the latest; reconnecting makes it work at once."), agents=_("Shopify has frozen it over a bill. It works again by itself once that is settled.")),
        connecting=("The store is frozen", "Shopify has frozen this store because a bill is unpaid. Its owner can settle it in Shopify."),
    ),
    "account_locked": replace(  # 423
        _problem(Problem.STORE_LOCKED, Ends.PROBE, fix=_("The store’s owner can ask Shopify why. Once it is open it works again by itself, within a day at the latest; reconnecting makes it work at once."), agents=_("Shopify has locked it. It works again by itself once Shopify has opened it.")),
        connecting=("The store is locked", "Shopify has locked this store. Its owner can ask Shopify why."),
    ),
    "account_not_found": replace(  # 404
        _problem(Problem.STORE_GONE, Ends.PROBE, fix=_("Check in Shopify whether the store still exists. If it does, it works again by itself once Shopify finds it; otherwise disconnect it here."), agents=_("Shopify does not find it. An owner of this workspace can see to it.")),
        connecting=("There is no such store", "Shopify knows no store at this address. Check the spelling."),
    ),
    "scopes_missing": _problem(Problem.SCOPES_MISSING, Ends.PROBE, fix=_("Reconnect and approve both permissions, customers and orders."), agents=_("An owner of this workspace can reconnect it with all permissions.")),
    "key_missing": _problem(Problem.KEY_MISSING, Ends.KEY, fix=_("The key that sealed the access is missing or wrong. Whoever runs this installation can restore it; otherwise reconnect."), agents=_("An owner of this workspace can see to it.")),
    # These pass.
    "unreachable": _SILENT,  # no connection, or it broke before an answer
    "timed_out": _SILENT,
    "vendor_failed": _SILENT,  # 500 to 599, the edge's 520, 530 and 540 among them; INTERNAL_SERVER_ERROR in a 200
    "breaker_open": _SILENT,  # not asked, because it has not been answering
    "rate_limited": _LIMITED,  # 429, and THROTTLED in a 200
    "security_rejected": replace(  # 430
        _LIMITED,
        title=_("Shopify has taken our requests for an attack"),
        fix=_("Requests pause for a quarter of an hour and go on by themselves. If it comes back, tell whoever runs this installation."),
    ),
    "bad_answer": _UNUSABLE,
    "answer_too_large": _UNUSABLE,
    "redirect_refused": _UNUSABLE,
    "unexpected_content_type": _UNUSABLE,
    "unreadable_answer": _UNUSABLE,  # cut off, not UTF-8, not JSON
    "malformed_answer": _UNUSABLE,  # JSON of another form than promised
    "answer_truncated": _UNUSABLE,  # too many forbidden fields, and leaving them out did not help
    "unexpected_status": _UNUSABLE,
    # Ours.
    "query_refused": _OURS,
    "cost_exceeded": _OURS,
    "destination_refused": _OURS,
    "request_refused": _OURS,
    "app_refused": replace(
        _OURS,
        title=_("Shopify has not accepted the app’s secret"),
        fix=_("The app’s client id or secret is wrong, or was changed at Shopify. An own app’s secret can be entered anew below; otherwise tell whoever runs this installation."),
        connecting=("Shopify did not accept this app", "The app’s client id or secret is wrong. Nothing was stored. Whoever runs this installation, or whoever entered the app, can correct it."),
    ),
    "no_app": replace(_OURS, title=_("There has been no Shopify app"), connecting=("Shopify is not set up here", "This installation has no Shopify app yet: SHOPIFY_CLIENT_ID and SHOPIFY_CLIENT_SECRET are not set.")),
    "app_unreadable": replace(_OURS, title=_("The app’s secret could not be read"), fix=_("The key that sealed the secret of this Shopify app is missing or wrong. Whoever runs this installation can restore it; or enter the app’s secret again."), connecting=("The app’s secret cannot be read", "The key that sealed the secret of this Shopify app is missing or wrong. Nothing was stored. Whoever runs this installation can restore it; or an owner enters the app’s secret again.")),
    # Nothing is wrong with the store.
    "reading_paused": replace(_QUIET, title=_("Reading stores is paused in this installation"), fix=_("Whoever runs this installation has paused it. It goes on by itself."), agents=_("Reading stores is paused in this installation."), connecting=None),
    "access_busy": _QUIET,
    "out_of_time": _QUIET,  # not sent: a task waited for too long before
    "subscription_refused": replace(_QUIET, title=_("Shopify has not registered a webhook"), fix=_("Changes at Shopify are noticed a little later. Whoever runs this installation finds the cause in its log."), agents=_("Changes at Shopify are noticed a little later."), connecting=None),
    # Hidden by Shopify, by ACCESS_DENIED beside partial data.
    "scope": Meaning(Kind.HIDDEN, Ends.OWNER, _("Some details are hidden"), _("This store did not give all permissions. Reconnect it and approve them."), _("This store did not give all permissions.")),
    "protected_data": Meaning(Kind.HIDDEN, Ends.ITSELF, Problem.PROTECTED_DATA.label, _("Shopify must approve this app for customer data before names, addresses and orders can be shown."), _("Shopify has not approved this app for personal data."), Problem.PROTECTED_DATA),
}  # fmt: skip
UNKNOWN: Final = _OURS
_BY_PROBLEM: Final = {meaning.problem: meaning for meaning in ANSWERS.values() if meaning.problem is not None}
# Problems that end at Shopify, without anybody doing anything here.
PROBED: Final = tuple(problem for problem, meaning in _BY_PROBLEM.items() if meaning.ends is Ends.PROBE)


def of(code: str) -> Meaning:
    """What a code means; one that stands in no table is a fault of ours."""
    return ANSWERS.get(code, UNKNOWN)


def hides(code: str) -> bool:
    """Whether it stands for an answer of which something was left out."""
    return code in ANSWERS and ANSWERS[code].kind is Kind.HIDDEN


def of_problem(problem: str) -> Meaning:
    return _BY_PROBLEM[Store.Problem(problem)]


def concerns(store: Store) -> Iterator[Meaning]:
    """What there is to say about a store on its card, the gravest first: a problem, or what has been passing for too long
    (the store was read with its `clock`), or what is hidden."""
    if store.state == Store.State.NEEDS_ATTENTION and store.problem:
        yield of_problem(store.problem)
        return
    if store.state != Store.State.CONNECTED:
        return
    if store.failing_since is not None and store.clock - store.failing_since > SHOWN_AFTER:
        yield of(store.failure)
    for reason in store.hidden:
        yield of(reason)
