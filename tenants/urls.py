"""Paths of a workspace's own pages."""

from django.urls import path

from tenants import views

app_name = "tenants"
urlpatterns = [
    path("", views.home, name="home"),
    path("<slug:workspace>/settings/", views.general, name="settings"),
    path("<slug:workspace>/settings/general/", views.general, name="general"),
]
