"""Paths of a workspace's own pages."""

from django.urls import path

from tenants.views import audit, data, general

app_name = "tenants"
urlpatterns = [
    path("", general.home, name="home"),
    path("<slug:workspace>/settings/", general.general, name="settings"),
    path("<slug:workspace>/settings/general/", general.general, name="general"),
    path("<slug:workspace>/settings/audit/", audit.log, name="audit"),
    path("<slug:workspace>/settings/audit/export/", audit.export, name="audit_export"),
    path("<slug:workspace>/settings/data/", data.data, name="data"),
    path("<slug:workspace>/settings/data/exports/", data.exports, name="data-exports"),
    path("<slug:workspace>/settings/data/exports/<int:number>/", data.fetch, name="data-export"),
    path("<slug:workspace>/settings/data/exports/<int:number>/delete/", data.delete, name="data-export-delete"),
    path("<slug:workspace>/settings/data/close/", data.close, name="data-close"),
    path("<slug:workspace>/settings/data/reopen/", data.reopen, name="data-reopen"),
]
