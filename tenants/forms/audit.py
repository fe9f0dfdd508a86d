"""What of the audit log somebody wants to see."""

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants.audit import Group

ANYBODY, SYSTEM = "", "system"
EARLIEST, LATEST = 1970, 2200  # years beyond which a date has no moment in every zone


class AuditFilter(forms.Form):
    """Every part is optional and stands in the address, so that what is found can be shared."""

    group = forms.ChoiceField(label=_("About"), required=False, choices=[("", _("Everything")), *Group.choices])
    actor = forms.ChoiceField(label=_("Done by"), required=False)
    begin = forms.DateField(label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    end = forms.DateField(label=_("To"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    target = forms.CharField(label=_("Target begins with"), required=False, max_length=200)

    def __init__(self, *args: Any, actors: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["actor"].choices = [(ANYBODY, _("Anybody")), *actors, (SYSTEM, "VersanaCX")]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """The days as moments of the workspace's zone: `since` included, `until` not."""
        data = super().clean() or {}
        for name in ("begin", "end"):
            if (day := data.get(name)) and not EARLIEST <= day.year < LATEST:
                self.add_error(name, _("Give a year between 1970 and 2199."))
                return data
        begin, end = data.get("begin"), data.get("end")
        if begin and end and end < begin:
            self.add_error("end", _("The end is before the beginning."))
            return data
        data["since"] = _midnight(begin) if begin else None
        data["until"] = _midnight(end + timedelta(days=1)) if end else None
        return data


def _midnight(day: Any) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
