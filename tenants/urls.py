"""Paths of a workspace's own pages."""

from django.urls import path

from tenants.views import general

app_name = "tenants"
urlpatterns = [
    path("", general.home, name="home"),
    path("<slug:workspace>/settings/", general.general, name="settings"),
    path("<slug:workspace>/settings/general/", general.general, name="general"),
]
