"""Paths of the admin process."""

from django.urls import path
from django.views.generic import RedirectView

from versana.observability import health
from versana.platform.site import site

urlpatterns = [
    path("healthz", health.alive),
    path("readyz", health.ready),
    path("admin/", site.urls),
    path("", RedirectView.as_view(url="/admin/")),
]
