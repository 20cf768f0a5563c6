"""The columns of this app's lists in a spreadsheet."""

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.exports import Column

_COURSE = (
    Column(_("No."), lambda course: course.number),
    Column(_("Patient"), lambda course: course.patient.name),
    Column(_("File"), lambda course: course.patient.number),
    Column(_("Kind"), lambda course: str(course.patient.species)),
    Column(_("For"), lambda course: str(course.indication)),
    Column(_("Side"), lambda course: course.get_side_display()),
    Column(_("Lead"), lambda course: course.lead_practitioner.name),
    Column(_("Begun"), lambda course: course.start_on),
    Column(_("Done"), lambda course: course.done_count or 0),
    Column(_("Status"), lambda course: course.get_status_display()),
)
COURSES = (*_COURSE, Column(_("Next due"), lambda course: course.next_due_on if course.is_open else None))
REPORTS = (
    *_COURSE,
    Column(_("Protocol"), lambda course: str(course.protocol_version.protocol)),
    Column(_("Billing note"), lambda course: course.billing_note),
    Column(_("Not all signed"), lambda course: gettext("yes") if course.is_unsigned else ""),
)
MESSAGES = (
    Column(_("Due"), lambda one: one.due_at),
    Column(_("Sent"), lambda one: one.sent_at),
    Column(_("Kind"), lambda one: one.get_kind_display()),
    Column(_("To"), lambda one: one.party or one.appointment.patient),
    Column(_("Channel"), lambda one: one.get_channel_display()),
    Column(_("Address"), lambda one: one.sent_to),
    Column(_("About"), lambda one: one.appointment.patient),
    Column(_("Visit"), lambda one: one.sent_for),
    Column(_("Status"), lambda one: one.get_status_display()),
    Column(_("Error"), lambda one: one.error),
)
ACCESS_LOG = (
    Column(_("When"), lambda event: event.at),
    Column(_("Who"), lambda event: event.actor_name or gettext("the program")),
    Column(_("What"), lambda event: event.words),
    Column(_("Patient"), lambda event: event.patient_name if event.patient else ""),
    Column(_("About"), lambda event: event.subject_text),
    Column(_("Reason"), lambda event: event.reason),
    Column(_("Details"), lambda event: "; ".join(_change(*line) for line in event.lines)),
)
PAST_RETENTION = (
    Column(_("Patient"), lambda line: line.patient.name),
    Column(_("File"), lambda line: line.patient.number),
    Column(_("Asked to be erased"), lambda line: line.patient.asked_on),
    Column(_("Last entry"), lambda line: line.held.last_entry_on),
    Column(_("Period (years)"), lambda line: line.held.rule.keep_years),
    Column(_("Over since"), lambda line: line.held.until_on),
    Column(_("Source"), lambda line: line.held.rule.source),
)
FOLLOW_UPS = (
    Column(_("Patient"), lambda line: line.patient.name),
    Column(_("File"), lambda line: line.patient.number),
    Column(_("Phone"), lambda line: line.contact.phone),
    Column(_("Session"), lambda line: line.on),
    Column(_("Lots"), lambda line: ", ".join(line.lots)),
    Column(_("Until"), lambda line: line.until_on),
)
VISITS = (
    Column(_("Begins"), lambda visit: visit.starts_at),
    Column(_("Ends"), lambda visit: visit.ends_at),
    Column(_("Patient"), lambda visit: visit.patient.listed_name if visit.patient else ""),
    Column(_("Kind"), lambda visit: str(visit.patient.species) if visit.patient else ""),
    Column(_("Phone"), lambda visit: visit.patient.phone if visit.patient else ""),
    Column(_("What for"), lambda visit: visit.get_kind_display()),
    Column(_("Session"), lambda visit: visit.planned_session.number if visit.planned_session else None),
    Column(_("Reason"), lambda visit: visit.reason),
    Column(_("With"), lambda visit: visit.practitioner.name),
    Column(_("Where"), lambda visit: (visit.place or visit.room or "") and (visit.place or visit.room).name),
    Column(_("Status"), lambda visit: visit.get_status_display()),
)
ROUNDS = (
    Column(_("Day"), lambda one: one.on),
    Column(_("Where"), lambda one: one.place.name),
    Column(_("Begins"), lambda one: one.stops[0].starts_at if one.stops else None),
    Column(_("Ends"), lambda one: one.stops[-1].ends_at if one.stops else None),
    Column(_("With"), lambda one: one.practitioner.name),
    Column(_("Patients"), lambda one: ", ".join(visit.patient.listed_name for visit in one.stops)),
)
UNSIGNED = (
    Column(_("When"), lambda record: record.performed_at),
    Column(_("Patient"), lambda record: record.patient.listed_name),
    Column(_("File"), lambda record: record.patient.number),
    Column(_("For"), lambda record: str(record.course.indication) if record.course else ""),
    Column(_("Given by"), lambda record: record.performed_by.name),
)
WAITING = (
    Column(_("Waits since"), lambda one: one.entry.since),
    Column(_("Patient"), lambda one: one.entry.patient.name),
    Column(_("File"), lambda one: one.entry.patient.number),
    Column(_("Phone"), lambda one: one.contact.phone),
    Column(_("Wishes"), lambda one: one.wishes),
    Column(_("Waits until"), lambda one: one.entry.until_on),
    Column(_("Booked"), lambda one: one.entry.appointment.starts_at if one.entry.appointment else None),
    Column(_("Note"), lambda one: one.entry.note),
)


def _change(field: str, old: str, new: str) -> str:
    return f"{field}: {old} → {new}" if old or new else field
