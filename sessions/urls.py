from django.urls import path

from sessions.views import cadences

app_name = "sessions"

urlpatterns: list = [
    # Series
    path("series/dates/", cadences.preview_cadence, name="cadence-preview"),
]
