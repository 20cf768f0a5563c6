"""The addresses of the settings that know practitioners, rooms and hours, and of the first page."""

from django.urls import path

from sessions.views import access_log as log
from sessions.views import erasure, retention
from sessions.views import settings_days as days
from sessions.views import settings_hours as hours
from sessions.views import settings_leaflets as leaflets
from sessions.views import settings_paper as paper
from sessions.views import settings_practitioners as people
from sessions.views.start import start

urlpatterns = [
    path("start/", start, name="begin"),
    # practitioners and rooms
    path("settings/practitioners/", people.practitioners, name="practitioners"),
    path("settings/practitioners/new/", people.create_practitioner, name="create-practitioner"),
    path("settings/practitioners/<uuid:public_id>/", people.edit_practitioner, name="edit-practitioner"),
    path("settings/rooms/", people.rooms, name="rooms"),
    path("settings/rooms/<uuid:public_id>/", people.edit_room, name="edit-room"),
    path("settings/sites/<uuid:public_id>/rooms/new/", people.create_room, name="create-room"),
    # weekly hours
    path("settings/hours/", hours.hours, name="hours"),
    path("settings/hours/<slug:kind>/<uuid:public_id>/", hours.edit_hours, name="edit-hours"),
    # absences
    path("settings/absences/", days.absences, name="absences"),
    path("settings/absences/new/", days.add_absence, name="add-absence"),
    path("settings/absences/<uuid:public_id>/", days.absence, name="absence"),
    path("settings/absences/<uuid:public_id>/remove/", days.remove_absence, name="remove-absence"),
    # closed days
    path("settings/closures/", days.closures, name="closures"),
    path("settings/closures/new/", days.add_closure, name="add-closure"),
    path("settings/closures/<uuid:public_id>/", days.closure, name="closure"),
    path("settings/closures/<uuid:public_id>/remove/", days.remove_closure, name="remove-closure"),
    path("settings/closures/open-holiday/", days.open_holiday, name="open-holiday"),
    # who opened, printed, changed what
    path("settings/access-log/", log.access_log, name="access-log"),
    path("patients/<uuid:public_id>/access-log/", log.patient_access_log, name="patient-access-log"),
    path("patients/<uuid:public_id>/access-log.pdf", log.print_patient_access_log, name="patient-access-log-pdf"),
    # the clinic's paper
    path("settings/paper/", paper.paper, name="paper"),
    path("settings/what-to-expect/", leaflets.leaflet_texts, name="leaflet-texts"),
    path(
        "settings/what-to-expect/<slug:reader>/<slug:language>/preview/",
        leaflets.preview_leaflet_text,
        name="leaflet-preview",
    ),
    # how long files are kept
    path("settings/retention/", retention.retention, name="retention"),
    path("settings/retention/<slug:applies_to>/", retention.edit_retention, name="edit-retention"),
    path("patients/<uuid:public_id>/export/", retention.export_patient, name="export-patient"),
    path("patients/<uuid:public_id>/pseudonymise/", retention.pseudonymise_patient, name="pseudonymise"),
    # requests for erasure
    path("patients/<uuid:public_id>/erase/", erasure.erase_patient, name="erase"),
    path("patients/<uuid:public_id>/erasure/<uuid:erasure_id>/letter.pdf", erasure.print_erasure, name="print-erasure"),
    path("patients/<uuid:public_id>/lift-restriction/", erasure.lift_restriction, name="lift-restriction"),
]
