"""Paths of this package. The callback's is fixed by what is registered at Shopify."""

from django.urls import path

from integrations.shopify.views import stores as views
from integrations.shopify.views import webhooks

app_name = "shopify"
urlpatterns = [
    path("shopify/webhooks/", webhooks.receive, name="webhooks"),
    path("shopify/callback/", views.callback, name="callback"),
    path("shopify/attempts/<str:reference>/", views.attempt, name="attempt"),
    path("<slug:workspace>/settings/shopify/", views.panel, name="panel"),
    path("<slug:workspace>/settings/shopify/connect/", views.connect, name="connect"),
    path("<slug:workspace>/settings/shopify/permissions/", views.permissions, name="permissions"),
    path("<slug:workspace>/settings/shopify/<int:number>/disconnect/", views.disconnect, name="disconnect"),
]
