"""Paths of this package. The callback's is fixed by what is registered at Shopify."""

from django.urls import path

from integrations.shopify.views import installing, own_apps, privacy, webhooks
from integrations.shopify.views import stores as views

app_name = "shopify"
urlpatterns = [
    path("shopify/webhooks/", webhooks.receive, name="webhooks"),
    path("shopify/callback/", installing.callback, name="callback"),
    path("shopify/attempts/<str:reference>/", installing.attempt, name="attempt"),
    path("shopify/install/", installing.install, name="install"),
    path("shopify/install/<slug:slug>/<int:number>/", installing.install, name="install_own"),
    path("shopify/opened/", installing.opened, name="opened"),
    path("shopify/installation/", installing.claim, name="claim"),
    path("<slug:workspace>/settings/shopify/", views.panel, name="panel"),
    path("<slug:workspace>/settings/shopify/connect/", views.connect, name="connect"),
    path("<slug:workspace>/settings/shopify/permissions/", views.permissions, name="permissions"),
    path("<slug:workspace>/settings/shopify/apps/", own_apps.apps, name="apps"),
    path("<slug:workspace>/settings/shopify/apps/<int:number>/", own_apps.app, name="app"),
    path(
        "<slug:workspace>/settings/shopify/apps/<int:number>/end-rotation/",
        own_apps.end_rotation,
        name="app_end_rotation",
    ),
    path("<slug:workspace>/settings/shopify/apps/<int:number>/remove/", own_apps.remove, name="app_remove"),
    path("<slug:workspace>/settings/shopify/<int:number>/check/", views.check, name="check"),
    path("<slug:workspace>/settings/shopify/<int:number>/check/begin/", views.begin_check, name="begin_check"),
    path("<slug:workspace>/settings/shopify/<int:number>/disconnect/", views.disconnect, name="disconnect"),
    path("<slug:workspace>/settings/privacy/", privacy.privacy, name="privacy"),
    path("<slug:workspace>/settings/privacy/kept/", privacy.kept, name="privacy-kept"),
    path("<slug:workspace>/settings/privacy/erase/", privacy.erase, name="privacy-erase"),
    path("<slug:workspace>/settings/privacy/requests/<int:number>/file/", privacy.fetch, name="data-request-file"),
    path("<slug:workspace>/settings/privacy/requests/<int:number>/done/", privacy.done, name="data-request-done"),
    path("<slug:workspace>/settings/privacy/requests/<int:number>/again/", privacy.again, name="data-request-again"),
]
