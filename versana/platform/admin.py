"""The lists and details of platform administration. Read only but for one action: a dead letter may be sent again."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin, messages
from django.db import models
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_GET

from tenants.addresses import AddressError, normalise
from tenants.models import StaffAction
from tenants.roles import Role
from versana.platform import changes
from versana.platform.models import (
    Attempt,
    ConnectedStore,
    Delivery,
    Factor,
    Member,
    OutboxEvent,
    Person,
    PrivacyRequest,
    Workspace,
)
from versana.platform.site import site


class ReadOnly(admin.ModelAdmin):
    """Staff may look; nobody may add, change or delete."""

    actions: Any = None
    list_per_page = 50
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return request.user.is_authenticated

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.is_authenticated

    def get_urls(self) -> list[URLPattern]:
        """A list and its details. Django's own detail page is a form, and asks for a content type that this role may not make."""
        wrap, name = self.admin_site.admin_view, f"{self.opts.app_label}_{self.opts.model_name}"
        return [
            path("", wrap(self.changelist_view), name=f"{name}_changelist"),
            path("<path:object_id>/change/", wrap(require_GET(self.detail)), name=f"{name}_change"),
        ]

    def detail(self, request: HttpRequest, object_id: str) -> HttpResponse:
        found = self.get_object(request, object_id)
        if found is None:
            raise Http404
        values = [(field.verbose_name, getattr(found, field.attname)) for field in self.opts.concrete_fields]
        page = {
            "title": str(found),
            "opts": self.opts,
            "values": values + self.more(found),
            "members": self.members(found),
        }
        return TemplateResponse(request, "platform/detail.html", {**self.admin_site.each_context(request), **page})

    def more(self, row: Any) -> list[tuple[str, object]]:
        """What is worth knowing beside the columns."""
        return []

    def members(self, row: Any) -> Iterable[Member]:
        """Who belongs to this workspace, or where this person belongs."""
        return ()


@admin.register(Workspace, site=site)
class WorkspaceAdmin(ReadOnly):
    list_display = (
        "slug",
        "name",
        "owners",
        "administrators",
        "agents",
        "connected",
        "created_at",
        "closed_at",
        "erase_after",
    )
    list_filter = (("closed_at", admin.EmptyFieldListFilter), "require_second_factor")
    search_fields = ("slug", "name")
    ordering = ("slug",)

    def members(self, row: Any) -> Iterable[Member]:
        return row.members.select_related("user", "tenant").order_by("joined_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Workspace]:
        def having(role: Role) -> Count:
            return Count("members", filter=Q(members__role=role, members__removed_at=None))

        stores = ConnectedStore._default_manager.filter(tenant=OuterRef("pk"), disconnected_at=None).order_by()
        number = stores.values("tenant").annotate(n=Count("pk")).values("n")
        counts = {
            "owners": having(Role.OWNER),
            "administrators": having(Role.ADMINISTRATOR),
            "agents": having(Role.AGENT),
        }
        return super().get_queryset(request).annotate(**counts, connected=Subquery(number))

    def owners(self, row: Any) -> int:
        return int(row.owners)

    def administrators(self, row: Any) -> int:
        return int(row.administrators)

    def agents(self, row: Any) -> int:
        return int(row.agents)

    @admin.display(description="stores")
    def connected(self, row: Any) -> int:
        return row.connected or 0


@admin.register(Person, site=site)
class PersonAdmin(ReadOnly):
    """For somebody who asks for help: found by id or by the whole address, not by leafing through everybody."""

    list_display = ("id", "email", "name", "is_active", "last_login", "second_factor")
    search_fields = ("email_norm",)
    search_help_text = "An id, or a whole e-mail address."
    ordering = ("-id",)

    def members(self, row: Any) -> Iterable[Member]:
        return row.memberships.select_related("user", "tenant").order_by("joined_at")

    def more(self, row: Any) -> list[tuple[str, object]]:
        return [("second factor", self.second_factor(row))]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Person], term: str
    ) -> tuple[QuerySet[Person], bool]:
        if term.isascii() and term.isdigit() and len(term) < 19:
            return queryset.filter(pk=int(term)), False
        try:
            return queryset.filter(email_norm=normalise(term)), False
        except AddressError:
            return queryset.none(), False

    def second_factor(self, row: Person) -> str:
        return (
            ", ".join(Factor._default_manager.filter(user=row).order_by("type").values_list("type", flat=True))
            or "none"
        )


@admin.register(ConnectedStore, site=site)
class ConnectedStoreAdmin(ReadOnly):
    list_display = (
        "shop_domain",
        "tenant",
        "state",
        "problem",
        "problem_since",
        "failing_since",
        "last_read_at",
        "webhooks_problem",
    )
    list_filter = ("state", "problem", "failure", "webhooks_problem")
    list_select_related = ("tenant",)
    search_fields = ("shop_domain",)
    ordering = ("shop_domain",)


@admin.register(Attempt, site=site)
class AttemptAdmin(ReadOnly):
    list_display = ("reference", "kind", "shop_domain", "app_id", "outcome", "started_at", "finished_at")
    list_filter = ("kind", "outcome")
    search_fields = ("reference", "shop_domain")
    ordering = ("-started_at",)


@admin.register(Delivery, site=site)
class DeliveryAdmin(ReadOnly):
    list_display = ("received_at", "topic", "shop_domain", "tenant_id", "effect", "triggered_at")
    list_filter = ("topic", "effect")
    search_fields = ("shop_domain", "delivery_id", "event_id")
    ordering = ("-id",)


@admin.register(PrivacyRequest, site=site)
class PrivacyRequestAdmin(ReadOnly):
    """`due_at` is what the law gives: a request that is late is somebody's trouble, and staff can tell them."""

    list_display = ("received_at", "kind", "tenant", "store", "state", "due_at", "done_at")
    list_filter = ("kind", "state")
    list_select_related = ("tenant", "store")
    ordering = ("due_at",)


@admin.register(OutboxEvent, site=site)
class OutboxEventAdmin(ReadOnly):
    """`dead_at` set: nobody will try again by themselves; a person must look, and may let it be tried again."""

    list_display = ("id", "kind", "tenant_id", "attempts", "last_error", "next_run_at", "done_at", "dead_at")
    list_filter = ("kind", ("dead_at", admin.EmptyFieldListFilter), ("done_at", admin.EmptyFieldListFilter))
    ordering = ("-id",)
    actions = ("send_again",)

    @admin.action(description="Send the chosen dead letters again")
    def send_again(self, request: HttpRequest, chosen: QuerySet[OutboxEvent]) -> None:
        sent = [changes.send_again(event_id=event.pk, by=request.user) for event in chosen]  # type: ignore[arg-type]
        self.message_user(request, f"{sum(sent)} of {len(sent)} will be tried again.", messages.SUCCESS)


@admin.register(StaffAction, site=site)
class StaffActionAdmin(ReadOnly):
    """What staff did and looked at, themselves included. The role can add rows and change none."""

    list_display = ("at", "user_id", "action", "target", "detail", "client")
    list_filter = ("action",)
    search_fields = ("target", "user_id")
    ordering = ("-at", "-id")
