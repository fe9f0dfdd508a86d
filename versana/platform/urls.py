"""Paths of the admin process."""

from django.contrib import admin
from django.urls import path
from django.views.generic import RedirectView

from versana.observability import health

admin.site.site_header = admin.site.site_title = "VersanaCX platform"
admin.site.index_title = "Platform administration"
admin.site.site_url = None

urlpatterns = [
    path("healthz", health.alive),
    path("readyz", health.ready),
    path("admin/", admin.site.urls),
    path("", RedirectView.as_view(url="/admin/")),
]
