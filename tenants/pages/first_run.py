"""Page object of the first run."""

from dataclasses import dataclass

from tenants.forms.workspace import FirstRunForm


@dataclass(frozen=True, slots=True)
class WelcomePage:
    form: FirstRunForm
