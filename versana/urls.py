"""Which package owns which prefix. Everything of a workspace hangs under /<workspace>/."""

from django.conf import settings
from django.urls import include, path

from versana.observability import health

urlpatterns = [
    path("healthz", health.alive, name="alive"),
    path("readyz", health.ready, name="ready"),
]
