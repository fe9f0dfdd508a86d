"""The administration's frame: Django's, cut down to lists, details, signing in and out, and the page of the switches."""

from typing import Any

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.contrib.admin.models import LogEntry
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path
from django.utils.translation import gettext as _

from tenants.models import Switch
from tenants.switches import EFFECTS
from tenants.switches import Switch as Name
from versana.platform import changes
from versana.platform.forms import StaffSignInForm, SwitchForm
from versana.platform.record import begin_sitting

# Of Django's own paths beside the models': the rest shows or changes what this role may not.
KEPT = {"index", "app_list", "login", "logout", "jsi18n"}


class PlatformSite(AdminSite):
    site_header = site_title = "VersanaCX platform"
    index_title = "Platform administration"
    site_url = None
    login_form = StaffSignInForm  # type: ignore[assignment]  # a form of its own, with the request in its constructor too
    login_template = "platform/login.html"
    index_template = "platform/index.html"
    final_catch_all_view = False

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        answer = super().login(request, extra_context)
        if request.user.is_authenticated:
            begin_sitting(request)
        return answer

    def has_permission(self, request: HttpRequest) -> bool:
        """Whoever is signed in to this process is staff (backends.py)."""
        return request.user.is_authenticated

    def get_urls(self) -> list[URLResolver | URLPattern]:
        models = {f"{model._meta.app_label}/{model._meta.model_name}/" for model in self._registry}
        kept = [one for one in super().get_urls() if getattr(one, "name", None) in KEPT or str(one.pattern) in models]
        return [path("switches/", self.admin_view(self.switches), name="switches"), *kept]

    def get_log_entries(self, request: HttpRequest) -> QuerySet[LogEntry]:
        """Django's own log is not kept here: ours holds what was looked at, too."""
        return LogEntry.objects.none()

    def switches(self, request: HttpRequest) -> HttpResponse:
        """Every switch there is, thrown or not, with what it stops. POST throws one."""
        if request.method == "POST":
            form, name = SwitchForm(request.POST), request.POST.get("name", "")
            if name in set(Name) and form.is_valid():
                changes.throw_switch(name=Name(name), **form.cleaned_data, by=request.user)  # type: ignore[arg-type]
                self._say(request, messages.SUCCESS, _("The switch is thrown."))
            else:
                self._say(request, messages.ERROR, _("Nothing was changed: give a reason of at most 200 characters."))
            return redirect("admin:switches")
        rows = {row.name: row for row in Switch.objects.all()}
        shown = [(name, name.replace("_", " ").capitalize(), EFFECTS[name], rows.get(name)) for name in Name]
        context = {**self.each_context(request), "title": _("Switches"), "switches": shown}
        return TemplateResponse(request, "platform/switches.html", context)

    def _say(self, request: HttpRequest, level: int, words: str) -> None:
        messages.add_message(request, level, words)


site = PlatformSite(name="admin")
