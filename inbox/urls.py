"""Paths of the inbox."""

from django.urls import path

from inbox import views

app_name = "inbox"
urlpatterns = [
    path("<slug:workspace>/", views.home, name="home"),
    path("<slug:workspace>/inbox/", views.conversations, name="list"),
    path("<slug:workspace>/inbox/<int:number>/", views.thread, name="thread"),
    path("<slug:workspace>/inbox/<int:number>/stores/<int:store>/", views.section, name="section"),
    path("<slug:workspace>/inbox/<int:number>/stores/<int:store>/orders/<str:order>/", views.order, name="order"),
    path("<slug:workspace>/inbox/<int:number>/messages/<int:position>/html/", views.message_html, name="message_html"),
    path(
        "<slug:workspace>/inbox/<int:number>/messages/<int:position>/files/<int:file>/",
        views.attachment,
        name="attachment",
    ),
]
