"""The lists of platform administration. Read only: the role may not write them, and no button pretends otherwise."""

from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from versana.platform.models import Attempt, ConnectedStore, OutboxEvent, Workspace


class ReadOnly(admin.ModelAdmin):
    """Staff may look; nobody may add, change or delete."""

    actions = None

    def has_add_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return bool(request.user.is_active and request.user.is_staff)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)


@admin.register(Workspace)
class WorkspaceAdmin(ReadOnly):
    list_display = ("slug", "name", "time_zone", "created_at")
    search_fields = ("slug", "name")


@admin.register(ConnectedStore)
class ConnectedStoreAdmin(ReadOnly):
    list_display = ("shop_domain", "tenant", "state", "problem", "problem_since", "last_read_at")
    list_filter = ("state", "problem")
    list_select_related = ("tenant",)
    search_fields = ("shop_domain",)


@admin.register(Attempt)
class AttemptAdmin(ReadOnly):
    list_display = ("reference", "shop_domain", "outcome", "started_at", "finished_at")
    list_filter = ("outcome",)
    search_fields = ("reference", "shop_domain")
    ordering = ("-started_at",)


@admin.register(OutboxEvent)
class OutboxEventAdmin(ReadOnly):
    """`dead_at` set: nobody will try again by themselves; a person must look."""

    list_display = ("id", "kind", "tenant_id", "attempts", "last_error", "next_run_at", "done_at", "dead_at")
    list_filter = ("kind", ("dead_at", admin.EmptyFieldListFilter), ("done_at", admin.EmptyFieldListFilter))
    ordering = ("-id",)
