"""Which package owns which prefix. Everything of a workspace hangs under /<workspace>/."""

from django.conf import settings
from django.urls import include, path

from tenants.views import first_run, general
from versana.observability import health

urlpatterns = [
    path("healthz", health.alive, name="alive"),
    path("readyz", health.ready, name="ready"),
    path("theme/", general.theme, name="theme"),
    path("welcome/", first_run.welcome, name="welcome"),
    path("welcome/<str:token>/", first_run.follow, name="welcome-link"),
    path("account/", include("allauth.urls")),
    path("help/", include("versana.help.urls")),
    path("", include("integrations.shopify.urls")),
    path("", include("tenants.urls")),
    path("", include("inbox.urls")),
]

if settings.DEBUG or settings.ENVIRONMENT == "test":
    urlpatterns.insert(0, path("_gallery/", include("versana.gallery")))
