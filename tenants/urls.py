"""Paths of a workspace's own pages."""

from django.urls import path

from tenants.views import account, general, security

app_name = "tenants"
urlpatterns = [
    path("", general.home, name="home"),
    path("account/", account.index, name="account"),
    path("account/second-factor/", account.second_factor_wanted, name="second_factor_wanted"),
    path("account/continue/", account.go_on, name="go_on"),
    path("account/sessions/<int:session>/end/", account.end_session, name="end_session"),
    path("<slug:workspace>/settings/", general.general, name="settings"),
    path("<slug:workspace>/settings/general/", general.general, name="general"),
    path("<slug:workspace>/settings/security/", security.security, name="security"),
]
