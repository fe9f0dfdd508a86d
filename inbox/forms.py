"""What members write in the inbox, checked at the door."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from inbox import drafts, recipients, reports
from inbox.notice_rules import Rule


class WrittenField(forms.CharField):
    """A text with the line ends of the server: a form sends two characters for the one that was typed."""

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value)).replace("\r\n", "\n")


class DraftForm(forms.Form):
    """A reply as far as it is written, the text that the window began from, and whether it replaces a newer one.

    With scripts also which window it is, the how manieth saving, and whether anything was written since the last one.
    """

    text = WrittenField(
        required=False,
        strip=False,
        max_length=drafts.MAX_LENGTH,
        error_messages={
            "max_length": _(
                "This reply has %(show_value)d characters; at most %(limit_value)d are kept. "
                "What is too much is not saved: shorten it, or send a file instead."
            )
        },
    )
    base = forms.CharField(required=False, max_length=40)
    anyway = forms.BooleanField(required=False)
    to = forms.CharField(required=False, max_length=recipients.LONGEST_LINE)
    cc = forms.CharField(required=False, max_length=recipients.LONGEST_LINE)
    bcc = forms.CharField(required=False, max_length=recipients.LONGEST_LINE)
    key = forms.UUIDField(required=False)
    window = forms.UUIDField(required=False)
    turn = forms.IntegerField(required=False, min_value=0, max_value=2_000_000_000)
    looking = forms.BooleanField(required=False)


_HOURS = [("", _("Never")), *((hour, f"{hour:02}:00") for hour in range(24))]


class NoticeRuleForm(forms.Form):
    """By mail for what, and when not. Hours are those of the workspace's time zone."""

    assigned = forms.BooleanField(label=_("A conversation is given to me"), required=False)
    mentioned = forms.BooleanField(label=_("Somebody mentions me in a note"), required=False)
    replied = forms.BooleanField(label=_("There is a new message in a conversation of mine"), required=False)
    unsent = forms.BooleanField(
        label=_("A reply of mine was not sent, or it is not known whether it was"), required=False
    )
    quiet_from = forms.TypedChoiceField(
        label=_("Quiet from"), choices=_HOURS, coerce=int, empty_value=None, required=False
    )
    quiet_until = forms.TypedChoiceField(label=_("until"), choices=_HOURS, coerce=int, empty_value=None, required=False)

    def clean(self) -> dict[str, object]:
        """Quiet hours begin and end, or there are none."""
        given = dict(self.cleaned_data)
        start, end = given.get("quiet_from"), given.get("quiet_until")
        if self.errors:
            return given
        if (start is None) != (end is None):
            self.add_error("quiet_until", _("Quiet hours have a beginning and an end; choose both, or neither."))
        elif start is not None and start == end:
            self.add_error("quiet_until", _("Quiet hours end at another hour than they begin."))
        return given

    def rule(self) -> Rule:
        """What was chosen."""
        return Rule(**{name: self.cleaned_data[name] for name in Rule.__dataclass_fields__})


PERIODS = (7, 30, 90)
GROUPS = (("topic", _("By topic")), ("assignee", _("By assignee")), ("store", _("By store")))
EARLIEST = 1990  # years in which there can be mail of a shop


class ReportForm(forms.Form):
    """Which days: so many until today, or from one until another. All of it stands in the address."""

    begin = forms.DateField(label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    end = forms.DateField(label=_("To"), required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def days(self) -> int:
        """How many days until today are asked for; 0 where days are named."""
        if self.data.get("begin") or self.data.get("end"):
            return 0
        asked = self.data.get("period", "")
        return next((n for n in PERIODS if asked == str(n)), 30)

    def by(self) -> str:
        """What the second table goes by."""
        asked = self.data.get("by", "")
        return asked if asked in dict(GROUPS) else GROUPS[0][0]

    def clean(self) -> dict[str, Any]:
        """Days that have been, in order, and not more than a year of them."""
        data, today = dict(self.cleaned_data), timezone.localdate()
        if self.errors or self.days():
            return data
        begin, end = data.get("begin"), data.get("end")
        if not begin or not end:
            self.add_error("begin" if not begin else "end", _("Give both days."))
        elif end < begin:
            self.add_error("end", _("The end is before the beginning."))
        elif begin.year < EARLIEST or end > today:
            self.add_error("begin" if begin.year < EARLIEST else "end", _("Give days until today."))
        elif (end - begin).days >= reports.LONGEST:
            self.add_error("end", _("At most %(n)d days at once.") % {"n": reports.LONGEST})
        return data

    def query(self) -> dict[str, object]:
        """What names these days in an address."""
        if self.days():
            return {"period": self.days()}
        return {name: self.data.get(name, "") for name in ("begin", "end")}

    def period(self, zone: str) -> reports.Period:
        """The days, of a form that is valid."""
        today = timezone.localdate()
        if self.days():
            return reports.Period(today - timedelta(days=self.days() - 1), today, zone)
        return reports.Period(self.cleaned_data["begin"], self.cleaned_data["end"], zone)


class SendForm(forms.Form):
    """An answer as it is to be sent. How long it is, and whom it goes to, is judged where it is sent, with a reason."""

    text = WrittenField(required=False, strip=False)
    to = forms.CharField(required=False)
    cc = forms.CharField(required=False)
    bcc = forms.CharField(required=False)
    key = forms.UUIDField(required=False)
    seen = forms.IntegerField(required=False, min_value=0, max_value=2**62)
    newest = forms.IntegerField(required=False, min_value=0, max_value=2**62)
    close = forms.BooleanField(required=False)
