"""The addresses of appointments, courses, records, reports, the front page, and their settings."""

from django.urls import include, path

from sessions import (
    urls_courses,
    urls_feeds,
    urls_messages,
    urls_overview,
    urls_rebooking,
    urls_recalls,
    urls_records,
    urls_reports,
    urls_rounds,
    urls_settings,
    urls_waiting,
)
from sessions.views import appointments, cadences, calendar, changing, consents, patients, today, walk_ins

app_name = "sessions"

urlpatterns: list = [
    # the patient's page
    path("patients/<uuid:public_id>/", patients.open_patient, name="patient"),
    path(
        "patients/<uuid:public_id>/consents/<uuid:consent_id>/paper.pdf", consents.print_consent, name="consent-paper"
    ),
    path(
        "patients/<uuid:public_id>/consents/forms/<uuid:text_id>/form.pdf",
        consents.print_consent_form,
        name="consent-form",
    ),
    # Series
    path("series/dates/", cadences.preview_cadence, name="cadence-preview"),
    # courses
    path("", include(urls_courses.urlpatterns)),
    # calendar feeds
    path("", include(urls_feeds.urlpatterns)),
    # messages
    path("", include(urls_messages.urlpatterns)),
    # recalls
    path("", include(urls_recalls.urlpatterns)),
    # records
    path("", include(urls_records.urlpatterns)),
    # the manager's overview
    path("", include(urls_overview.urlpatterns)),
    # reports
    path("", include(urls_reports.urlpatterns)),
    # rounds
    path("", include(urls_rounds.urlpatterns)),
    # settings
    path("", include(urls_settings.urlpatterns)),
    # visits that lost their time
    path("", include(urls_rebooking.urlpatterns)),
    # the waiting list, and times for whoever is called
    path("", include(urls_waiting.urlpatterns)),
    # Calendar
    path("calendar/", calendar.calendar, name="calendar"),
    path("calendar/feed/", calendar.feed, name="calendar-feed"),
    path("calendar/list/", calendar.day_list, name="day-list"),
    path("calendar/list.pdf", calendar.print_day_list, name="day-list-pdf"),
    # Appointments
    path("appointments/new/", appointments.book_appointment, name="book"),
    path("appointments/new-caller/", appointments.book_new_caller, name="new-caller"),
    path("appointments/new-caller/known/", appointments.likely_known, name="likely-known"),
    path("appointments/walk-in/", walk_ins.walk_in, name="walk-in"),
    path("appointments/walk-in/new-caller/", walk_ins.walk_in_new_caller, name="walk-in-new-caller"),
    path("appointments/planned/<uuid:public_id>/", appointments.book_planned, name="book-planned"),
    path("appointments/<uuid:public_id>/", appointments.appointment, name="appointment"),
    path("appointments/<uuid:public_id>/move/", changing.move, name="move"),
    path("appointments/<uuid:public_id>/arrive/", appointments.check_in, name="arrive"),
    path("appointments/<uuid:public_id>/back/", appointments.undo_check_in, name="back"),
    path("appointments/<uuid:public_id>/start/", appointments.start, name="start"),
    path("appointments/<uuid:public_id>/undo-start/", appointments.undo_start, name="undo-start"),
    path("appointments/<uuid:public_id>/done/", appointments.mark_done, name="done"),
    path("appointments/<uuid:public_id>/undo-done/", appointments.undo_done, name="undo-done"),
    path("appointments/<uuid:public_id>/kind/", appointments.change_kind, name="change-kind"),
    path("appointments/<uuid:public_id>/not-treated/", changing.mark_not_treated, name="not-treated"),
    path("appointments/<uuid:public_id>/undo-not-treated/", appointments.undo_not_treated, name="undo-not-treated"),
    path("appointments/<uuid:public_id>/no-show/", changing.mark_no_show, name="no-show"),
    path("appointments/<uuid:public_id>/undo-no-show/", appointments.undo_no_show, name="undo-no-show"),
    path("appointments/<uuid:public_id>/accept-offer/", appointments.accept_offer, name="accept-offer"),
    path("appointments/<uuid:public_id>/cancel/", changing.cancel, name="cancel"),
    path("appointments/<uuid:public_id>/undo-cancel/", appointments.undo_cancel, name="undo-cancel"),
    path("undo/<uuid:batch>/", changing.undo, name="undo"),
    path("appointments/<uuid:public_id>/in-error/", appointments.mark_entered_in_error, name="entered-in-error"),
]

# today
urlpatterns += [
    path("", today.today, name="today"),
    path("close-the-day/", today.close_day, name="close-day"),
]
