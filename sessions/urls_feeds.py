"""The addresses of calendar feeds: the one calendars read, and the pages that make and take it back."""

from django.urls import path

from sessions.views import feeds

urlpatterns = [
    path("feed/<str:secret>.ics", feeds.read_feed, name="read-feed"),
    path("settings/my-calendar/", feeds.my_calendar, name="my-calendar"),
    path("settings/my-calendar/make/", feeds.make_my_feed, name="make-my-feed"),
    path("settings/my-calendar/revoke/", feeds.revoke_my_feed, name="revoke-my-feed"),
    path("patients/<uuid:public_id>/feeds/", feeds.patient_feeds, name="patient-feeds"),
    path("patients/<uuid:public_id>/feeds/make/", feeds.make_patient_feed, name="make-patient-feed"),
    path(
        "patients/<uuid:public_id>/feeds/<uuid:feed_id>/revoke/", feeds.revoke_patient_feed, name="revoke-patient-feed"
    ),
]
