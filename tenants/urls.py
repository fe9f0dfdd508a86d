"""Paths of a workspace's own pages."""

from django.urls import path

from tenants.views import audit, general

app_name = "tenants"
urlpatterns = [
    path("", general.home, name="home"),
    path("<slug:workspace>/settings/", general.general, name="settings"),
    path("<slug:workspace>/settings/general/", general.general, name="general"),
    path("<slug:workspace>/settings/audit/", audit.log, name="audit"),
    path("<slug:workspace>/settings/audit/export/", audit.export, name="audit_export"),
]
