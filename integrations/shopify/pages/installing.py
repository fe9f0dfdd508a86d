"""Pages without a workspace: which one an installation is for, and why a connection failed."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from integrations.shopify.failures import ADVICE, explain
from integrations.shopify.installing import Waiting
from integrations.shopify.models import ConnectionAttempt
from integrations.shopify.pages.cards import FailurePage


@dataclass(frozen=True, slots=True)
class WorkspaceChoice:
    name: str
    slug: str
    factor_url: str  # where a second factor is set up, when the workspace asks for one and there is none


@dataclass(frozen=True, slots=True)
class ClaimPage:
    shop_domain: str
    choices: tuple[WorkspaceChoice, ...]
    claim_url: str


def claim_page(waiting: Waiting) -> ClaimPage:
    here = reverse("shopify:claim")
    factor = f"{reverse('tenants:second_factor_wanted')}?{urlencode({'next': here})}"
    choices = tuple(
        WorkspaceChoice(choice.workspace.name, choice.workspace.slug, factor if choice.lacks_factor else "")
        for choice in waiting.choices
    )
    return ClaimPage(waiting.shop, choices, here)


def failure_page(attempt: ConnectionAttempt, *, retry_url: str) -> FailurePage:
    explanation = explain(attempt.outcome)
    return FailurePage(
        title=explanation.title,
        explanation=explanation.text,
        advice=ADVICE,
        reference=attempt.reference,
        at=attempt.finished_at or attempt.started_at,
        shop_domain=attempt.shop_domain,
        retry_url=retry_url,
    )


def explanation_page(code: str, home_url: str) -> FailurePage:
    """Of something that left no attempt behind."""
    explanation = explain(code)
    return FailurePage(explanation.title, explanation.text, (), "", timezone.now(), "", home_url)
