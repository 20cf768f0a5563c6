from django.urls import path

from sessions.views import cadences, patients

app_name = "sessions"

urlpatterns: list = [
    # the patient's page
    path("patients/<uuid:public_id>/", patients.open_patient, name="patient"),
    # Series
    path("series/dates/", cadences.preview_cadence, name="cadence-preview"),
]
