"""The addresses of messages: the outbox, the settings of reminders, the public link in a message."""

from django.urls import path

from sessions.views.visit_link import visit_link

urlpatterns = [
    path("visit/<str:token>/", visit_link, name="visit-link"),
]
