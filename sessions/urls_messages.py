"""The addresses of messages: the outbox, the settings of reminders, the public link in a message."""

from django.urls import path

from sessions.views import messages, settings_messages
from sessions.views.visit_link import visit_link

urlpatterns = [
    path("visit/<str:token>/", visit_link, name="visit-link"),
    # the outbox, and what people replied
    path("messages/", messages.outbox, name="outbox"),
    path("messages/<uuid:public_id>/", messages.message, name="message"),
    path("messages/<uuid:public_id>/retry/", messages.retry_message, name="retry-message"),
    path("replies/<uuid:public_id>/settle/", messages.settle_reply, name="settle-reply"),
    # settings
    path("settings/reminders/", settings_messages.reminder_settings, name="reminder-settings"),
    path("settings/reminders/<slug:kind>/<slug:language>/", settings_messages.message_text, name="message-text"),
    path(
        "settings/reminders/<slug:kind>/<slug:language>/preview/",
        settings_messages.preview_message,
        name="message-preview",
    ),
]
