"""Page objects of the small pages around Members: a role, a farewell, a handover, and the page of an invitation."""

from dataclasses import dataclass
from datetime import datetime

from tenants.forms.members import HandoverForm, JoinForm, RoleForm


@dataclass(frozen=True, slots=True)
class RolePage:
    name: str
    form: RoleForm
    url: str
    back_url: str


@dataclass(frozen=True, slots=True)
class FarewellPage:
    """Remove somebody, or leave oneself (`name` is empty then)."""

    name: str
    workspace: str
    url: str
    back_url: str


@dataclass(frozen=True, slots=True)
class HandoverPage:
    workspace: str
    slug: str
    form: HandoverForm
    has_takers: bool
    url: str
    back_url: str


@dataclass(frozen=True, slots=True)
class OfferedPage:
    workspace: str
    giver: str
    until: datetime
    accept_url: str
    decline_url: str
    back_url: str


@dataclass(frozen=True, slots=True)
class InvitationPage:
    """`step`: what its reader can do (join, sign-in, accept, wrong), or why nothing (expired, revoked, ..., unknown)."""

    step: str
    workspace: str = ""
    inviter: str = ""
    role: str = ""
    email: str = ""
    own_email: str = ""
    form: JoinForm | None = None
    sign_in_url: str = ""
    again_url: str = ""


def masked(email: str) -> str:
    """Enough of an address to recognise one's own: `m…@acme.example`."""
    local, _, domain = email.rpartition("@")
    return f"{local[:1]}…@{domain}"
