"""The addresses of course reports, of what was handed out, of many reports at once, and of papers to take along."""

from django.urls import path

from sessions.views import batches, reports, take_along, verifying

urlpatterns = [
    path("reports/", reports.reports, name="reports"),
    path("reports/handed-out/<uuid:public_id>.pdf", reports.handed_out_pdf, name="handed-out-pdf"),
    path("verify/<str:token>/", verifying.verify_report, name="verify-report"),
    path("courses/<uuid:public_id>/report/", reports.course_report, name="course-report"),
    path("courses/<uuid:public_id>/report/hand-out/", reports.hand_out_report, name="hand-out-report"),
    path("records/<uuid:public_id>/sheet/", reports.hand_out_sheet, name="hand-out-sheet"),
    path("courses/<uuid:public_id>/report.pdf", reports.course_report_pdf, name="course-report-pdf"),
    path("reports/batches/", batches.batches, name="batches"),
    path("reports/batches/new/", batches.ask_batch, name="ask-batch"),
    path("reports/batches/<uuid:public_id>/", batches.batch, name="batch"),
    path("reports/batches/<uuid:public_id>/state/", batches.batch_state, name="batch-state"),
    path("reports/batches/<uuid:public_id>/cancel/", batches.cancel_batch, name="cancel-batch"),
    path("reports/batches/<uuid:public_id>/retry/", batches.retry_batch, name="retry-batch"),
    path("reports/batches/<uuid:public_id>/file/", batches.batch_file, name="batch-file"),
    # papers to take along
    path("patients/<uuid:public_id>/appointments.pdf", take_along.print_card, name="patient-card"),
    path("courses/<uuid:public_id>/appointments.pdf", take_along.print_course_card, name="course-card"),
    path("patients/<uuid:public_id>/what-to-expect.pdf", take_along.print_leaflet, name="patient-leaflet"),
    path("courses/<uuid:public_id>/what-to-expect.pdf", take_along.print_course_leaflet, name="course-leaflet"),
    path(
        "protocols/versions/<uuid:public_id>/<slug:species>/what-to-expect.pdf",
        take_along.print_protocol_leaflet,
        name="protocol-leaflet",
    ),
]
