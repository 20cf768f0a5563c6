"""The addresses of appointments, courses, records, reports, the front page, and their settings."""

from django.urls import include, path

from sessions import urls_settings
from sessions.views import cadences, patients, reports

app_name = "sessions"

urlpatterns: list = [
    # the patient's page
    path("patients/<uuid:public_id>/", patients.open_patient, name="patient"),
    # Series
    path("series/dates/", cadences.preview_cadence, name="cadence-preview"),
    # settings
    path("", include(urls_settings.urlpatterns)),
]

# reports
urlpatterns += [
    path("reports/", reports.reports, name="reports"),
    path("courses/<uuid:public_id>/report/", reports.course_report, name="course-report"),
    path("courses/<uuid:public_id>/report.pdf", reports.course_report_pdf, name="course-report-pdf"),
]
