"""The columns of this app's lists in a spreadsheet."""

from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.exports import Column
from sessions.models import Appointment
from sessions.queries.access_log_lines import change_words


def _where(visit: Appointment) -> str:
    place = visit.place or visit.room
    return place.name if place else ""


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
    Column(_("About"), lambda event: event.about),
    Column(_("Reason"), lambda event: event.reason),
    Column(_("Details"), lambda event: "; ".join(change_words(*line) for line in event.lines)),
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
    Column(_("Reason"), lambda visit: visit.listed_reason),
    Column(_("With"), lambda visit: visit.practitioner.name),
    Column(_("Where"), _where),
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
_CONTACT = (
    Column(_("Whom to call"), lambda line: line.contact.who),
    Column(_("Phone"), lambda line: line.contact.phone),
    Column(_("E-mail"), lambda line: line.contact.email),
    Column(_("Does not want calls"), lambda line: "" if line.contact.may_call else gettext("yes")),
)
TO_CALL = (
    Column(_("What to do"), lambda line: gettext("To rebook") if line.line.visit else gettext("To call")),
    Column(_("Patient"), lambda line: line.patient.name),
    Column(_("File"), lambda line: line.patient.number),
    Column(_("Kind"), lambda line: str(line.patient.species)),
    *_CONTACT,
    Column(_("Why"), lambda line: capfirst(line.reason)),
    Column(_("For"), lambda line: str(line.course.indication) if line.course else ""),
    Column(_("Booked"), lambda line: line.line.visit.starts_at if line.line.visit else None),
    Column(_("With"), lambda line: line.line.visit.practitioner.name if line.line.visit else ""),
    Column(_("Last visit"), lambda line: "" if line.line.visit else line.last),
    Column(_("Last call"), lambda line: line.outcome.at if line.outcome else None),
    Column(_("What came of it"), lambda line: line.outcome.get_outcome_display() if line.outcome else ""),
    Column(_("By"), lambda line: str(line.outcome.by or "") if line.outcome else ""),
)
TO_REBOOK_NAMELESS = (
    Column(_("Booked"), lambda row: row.visit.starts_at),
    Column(_("What for"), lambda row: row.visit.get_kind_display()),
    Column(_("With"), lambda row: row.visit.practitioner.name),
    Column(_("Where"), lambda row: _where(row.visit)),
    Column(_("Part of a round"), lambda row: gettext("yes") if row.visit.round_id else ""),
    Column(_("Why"), lambda row: capfirst(row.why)),
)
TO_REBOOK = (
    Column(_("Patient"), lambda row: row.visit.patient.name),
    Column(_("File"), lambda row: row.visit.patient.number),
    Column(_("Kind"), lambda row: str(row.visit.patient.species)),
    *_CONTACT,
    *TO_REBOOK_NAMELESS,
    Column(_("Time held"), lambda row: row.held.starts_at if row.held else None),
    Column(_("Held until"), lambda row: row.held.offered_until if row.held else None),
    Column(_("Last call"), lambda row: row.attempts[0].at if row.attempts else None),
    Column(_("What came of it"), lambda row: row.attempts[0].get_outcome_display() if row.attempts else ""),
    Column(_("Note"), lambda row: row.attempts[0].note if row.attempts else ""),
    Column(_("By"), lambda row: str(row.attempts[0].by or "") if row.attempts else ""),
)

PRACTITIONERS = (
    Column(_("Name"), lambda one: one.name),
    Column(_("Profession"), lambda one: one.profession),
    Column(_("Treats"), lambda one: ", ".join(map(str, one.species.all())) or gettext("every species")),
    Column(_("Licensed to inject"), lambda one: gettext("yes") if one.may_inject else ""),
    Column(_("Licence"), lambda one: one.licence_number),
    Column(_("Licence from"), lambda one: one.licence_from_on),
    Column(_("Licence until"), lambda one: one.licence_until_on),
    Column(_("Signs in as"), lambda one: one.user.username if one.user else ""),
    Column(_("Last day"), lambda one: one.last_day_on),
)
ROOMS = (
    Column(_("Site"), lambda line: line[0].name),
    Column(_("Room"), lambda line: line[1].name),
    Column(_("Species"), lambda line: line[2] or gettext("every species")),
    Column(_("Not in use"), lambda line: "" if line[0].is_active and line[1].is_active else gettext("yes")),
)
HOURS = (
    Column(_("Who or what"), lambda line: line[0].name),
    Column(_("Kind"), lambda line: line[1].get_kind_display()),
    Column(_("Weekday"), lambda line: line[1].get_weekday_display()),
    Column(_("From"), lambda line: f"{line[1].start_time:%H:%M}"),
    Column(_("Until"), lambda line: f"{line[1].end_time:%H:%M}"),
    Column(_("Every … weeks"), lambda line: line[1].every_weeks),
    Column(_("Valid from"), lambda line: line[1].from_on),
    Column(_("Valid until"), lambda line: line[1].until_on),
)
ABSENCES = (
    Column(_("Who or what"), lambda one: one.practitioner or one.room),
    Column(_("From"), lambda one: one.starts_at),
    Column(_("Until"), lambda one: one.ends_at),
    Column(_("Reason"), lambda one: one.reason),
)
CLOSED_DAYS = (
    Column(_("From"), lambda one: one.from_on),
    Column(_("Until"), lambda one: one.until_on),
    Column(_("Reason"), lambda one: one.reason),
    Column(_("Public holiday"), lambda one: gettext("yes") if one.is_holiday else ""),
    Column(_("Open all the same"), lambda one: gettext("yes") if one.is_open else ""),
)
BATCHES = (
    Column(_("Asked for"), lambda batch: batch.asked_at),
    Column(_("What was chosen"), lambda batch: batch.asked_for or gettext("All courses")),
    Column(_("By"), lambda batch: str(batch.asked_by)),
    Column(_("Reports"), lambda batch: batch.total),
    Column(_("Failed"), lambda batch: batch.failed),
    Column(_("State"), lambda batch: batch.get_status_display()),
)
RECALLS = (
    Column(_("Lot"), lambda one: one.number),
    Column(_("Maker"), lambda one: one.manufacturer),
    Column(_("Recalled"), lambda one: one.at),
    Column(_("By"), lambda one: str(one.by or "")),
    Column(_("Why"), lambda one: one.reason),
    Column(_("Lots"), lambda one: one.lot_count),
    Column(_("Taken back"), lambda one: one.ended_at),
)
