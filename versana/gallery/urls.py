"""Paths of the gallery."""

from django.urls import path

from versana.gallery import views

urlpatterns = [
    path("", views.index, name="gallery"),
    path("never/", views.never),
    path("bell/", views.bell),
    path("sign-in/", views.sign_in),
    path("mail/", views.mail),
    path("section/words/", views.words),
    path("thread/<int:number>/", views.thread),
    path("order-detail/<str:order>/", views.page, {"name": "order-detail"}),
    path("order-detail/<str:order>/lines/", views.page, {"name": "order-lines"}),
    path("<slug:name>/", views.page),
]
