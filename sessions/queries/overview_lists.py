"""The lists behind the numbers of the overview: the same filters, so the same count."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Model, QuerySet
from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mesoclinic.core.models import Site
from mesoclinic.core.wording import date_format
from mesoclinic.core.workbooks import Value
from protocols.models import Lot
from sessions.models import AdverseEvent, Appointment, Course, CourseFigures, PlannedSession, SessionRecord
from sessions.models.adverse_events import Severity
from sessions.queries import overview_courses, overview_outcomes, overview_safety
from sessions.queries.overview_hours import OpenDay, open_days
from sessions.queries.overview_pieces import hours, plain
from sessions.queries.overview_scope import Scope, visit_figures, visits
from sessions.queries.own_reasons import reason_words
from sessions.queries.plans import CoursePlan


@dataclass(frozen=True)
class Line:
    """One row of a list: where it leads ("": nowhere), its values, whose file it tells of (None: nothing medical stands there).

    A value is a text, a number, a day, or a moment on the clock of its site; None where there is none.
    """

    href: str
    cells: Sequence[Value]
    patient_id: int | None = None
    day_form: str = "j M Y"

    @property
    def texts(self) -> list[str]:
        """The values as the page tells them; a file keeps days and numbers as they are, so that it can be sorted and added up."""
        return [self._told(value) for value in self.cells]

    def _told(self, value: Value) -> str:
        if value is None:
            return "–"
        if isinstance(value, datetime):
            return date_format(value, "D j M Y, H:i")
        if isinstance(value, date):
            return date_format(value, self.day_form)
        return value if isinstance(value, str) else plain(value)


@dataclass(frozen=True)
class Listing:
    """A list: what it is of, its heads, its rows (a queryset not read yet, or a list), and how a row reads."""

    title: str
    heads: Sequence[str]
    rows: QuerySet[Any] | list[Any]
    line: Callable[[Any], Line]
    is_medical: bool = False


VISITS = {
    "booked": gettext_lazy("Visits booked"),
    "done": gettext_lazy("Visits done"),
    "open": gettext_lazy("Visits to come or not closed"),
    "not-treated": gettext_lazy("Came, not treated"),
    "no-show": gettext_lazy("Did not come"),
    "cancelled": gettext_lazy("Visits cancelled"),
    "late": gettext_lazy("Visits cancelled late"),
    "taking-time": gettext_lazy("Visits booked or done"),
}


def listing(scope: Scope, what: str, here: Site | None = None) -> Listing | None:
    """Give the list of a name the overview links to; None for a name it does not know.

    `here` is the site its reader works at. No SQL statement yet, but for the days open and the reviews due: they are
    worked out, not rows.
    """
    if what in VISITS:
        return _visits(scope, what)
    if what in SESSIONS:
        return _sessions(scope, what)
    if what in STOCK:
        return _lots(scope, what)
    if what == "open-days":
        return _open_days(scope, here)
    make = MAKERS.get(what)
    return make(scope) if make else None


def _visits(scope: Scope, what: str) -> Listing:
    rows = visits(scope).filter(visit_figures(scope.clinic)[what]).order_by("starts_at", "pk")
    rows = rows.select_related("patient__species", "practitioner", "room", "place", "site")
    heads = (_("When"), _("Patient"), _("Kind"), _("Practitioner"), _("Room or place"), _("State"))
    return Listing(str(VISITS[what]), heads, rows, _visit_line)


def _visit_line(visit: Appointment) -> Line:
    where: Model | None = visit.room or visit.place
    state = " · ".join(part for part in (str(visit.get_status_display()), reason_words(visit.status_reason)) if part)
    cells = (
        visit.starts_at.astimezone(visit.site.zone).replace(tzinfo=None),
        visit.patient.listed_name,
        str(visit.get_kind_display()),
        visit.practitioner.name,
        str(where) if where else None,
        state,
    )
    return Line(reverse("sessions:appointment", args=[visit.public_id]), cells)


def _open_days(scope: Scope, here: Site | None) -> Listing:
    """List the days the hours of a practitioner or room are made of. A day leads to the day list, which is of one site."""
    owner = {"room": scope.room, "practitioner": None if scope.room else scope.practitioner}
    whose = {name: str(row.public_id) for name, row in owner.items() if row}

    def line(one: OpenDay) -> Line:
        query = {"on": one.on.isoformat(), **whose}
        address = reverse("sessions:day-list", query=query) if one.site == here else ""
        return Line(address, (one.on, one.site.name, hours(one.minutes)), day_form="D j M Y")

    return Listing(_("Hours open, day by day"), (_("Day"), _("Site"), _("Hours open")), open_days(scope), line)


# Sessions of the plan

SESSIONS = {
    "sessions": gettext_lazy("Sessions done"),
    "in-window": gettext_lazy("Sessions inside their window"),
    "early": gettext_lazy("Sessions before their window"),
    "late-week": gettext_lazy("Sessions up to 7 days after their window"),
    "late-fortnight": gettext_lazy("Sessions 8 to 14 days after their window"),
    "gap": gettext_lazy("Sessions more than 14 days after their window"),
    "overdue": gettext_lazy("Overdue sessions"),
}
OF_COURSE = ("course__patient", "course__indication", "course__lead_practitioner")


def _sessions(scope: Scope, what: str) -> Listing:
    if what == "overdue":
        rows = overview_courses.overdue(scope).order_by("latest_on", "pk")
    else:
        done = overview_courses.sessions_done(scope)
        rows = done.filter(overview_courses.timings()[what]).order_by("performed_on", "pk")
    heads = (_("Course"), _("Patient"), _("Session"), _("Window"), _("Done on"), _("Lead"))
    return Listing(str(SESSIONS[what]), heads, rows.select_related(*OF_COURSE), _session_line)


def _session_line(session: PlannedSession) -> Line:
    course = session.course
    window = f"{_day(session.earliest_on)} – {_day(session.latest_on)}"
    cells = (
        f"{course.number} · {course.indication!s}",
        course.patient.listed_name,
        session.number,
        window,
        session.performed_on,
        course.lead_practitioner.name,
    )
    return Line(_course_address(course), cells)


# Courses


def _courses(title: str, rows: QuerySet[Course]) -> Listing:
    heads = (_("Course"), _("Patient"), _("Protocol"), _("Lead"), _("Start"), _("Sessions done"), _("State"))
    names = ("patient", "indication", "protocol_version__protocol", "lead_practitioner", "figures")
    return Listing(title, heads, rows.select_related(*names).order_by("start_on", "pk"), _course_line)


def _course_line(course: Course) -> Line:
    state = " · ".join(part for part in (str(course.get_status_display()), reason_words(course.status_reason)) if part)
    cells = (
        f"{course.number} · {course.indication!s}",
        course.patient.listed_name,
        str(course.protocol_version.protocol),
        course.lead_practitioner.name,
        course.start_on,
        course.figures.sessions_done,
        state,
    )
    return Line(_course_address(course), cells)


def _reached(scope: Scope) -> Listing:
    title = _("Courses that came to session %(number)s") % {"number": scope.number or 0}
    return _courses(title, overview_courses.reached(scope))


def _dropped(scope: Scope) -> Listing:
    return _courses(_("Courses dropped out"), overview_courses.dropped(scope))


def _reviews(scope: Scope) -> Listing:
    heads = (_("Course"), _("Patient"), _("Protocol"), _("Lead"), _("After session"))
    return Listing(_("Reviews due"), heads, overview_courses.reviews(scope), _review_line)


def _review_line(plan: CoursePlan) -> Line:
    course = plan.course
    after = plan.gate_number(plan.due_gate) if plan.due_gate is not None else None
    cells = (
        f"{course.number} · {course.indication!s}",
        course.patient.listed_name,
        str(course.protocol_version.protocol),
        course.lead_practitioner.name,
        after or None,
    )
    return Line(_course_address(course), cells)


def _outcomes(scope: Scope) -> Listing:
    return _scored(_("Courses with two scores"), overview_outcomes.courses_with_outcome(scope))


def _responders(scope: Scope) -> Listing:
    return _scored(_("Courses whose pain came down by 30 % or more"), overview_outcomes.responders(scope))


def _scored(title: str, found: QuerySet[CourseFigures]) -> Listing:
    heads = (
        *(_("Course"), _("Patient"), _("Protocol"), _("Lead"), _("Scale"), _("First score")),
        *(_("Last score"), _("Change"), _("on")),
    )
    names = ("patient", "indication", "protocol_version__protocol", "lead_practitioner")
    rows = found.select_related(*(f"course__{name}" for name in names)).order_by("last_score_on", "pk")
    return Listing(title, heads, rows, _outcome_line, is_medical=True)


def _outcome_line(figures: CourseFigures) -> Line:
    course = figures.course
    cells = (
        f"{course.number} · {course.indication!s}",
        course.patient.listed_name,
        str(course.protocol_version.protocol),
        course.lead_practitioner.name,
        str(figures.get_scale_display()),
        figures.first_score,
        figures.last_score,
        figures.last_score - figures.first_score,
        figures.last_score_on,
    )
    return Line(_course_address(course), cells, patient_id=course.patient_id)


# Records, events, lots


def _given(scope: Scope) -> Listing:
    return _records(_("Sessions given"), overview_safety.sessions_given(scope))


def _with_event(scope: Scope) -> Listing:
    found = overview_safety.events(scope).values("record")
    return _records(_("Sessions with an adverse event"), SessionRecord.objects.filter(pk__in=found), is_medical=True)


def _records(title: str, rows: QuerySet[SessionRecord], *, is_medical: bool = False) -> Listing:
    heads = (_("When"), _("Patient"), _("Indication"), _("Given by"))
    names = ("patient", "course__indication", "course__site", "appointment__site", "performed_by")
    return Listing(title, heads, rows.select_related(*names).order_by("performed_at", "pk"), _record_line, is_medical)


def _record_line(record: SessionRecord) -> Line:
    cells = (
        _moment(record),
        record.patient.listed_name,
        str(record.course.indication) if record.course else None,
        record.performed_by.name,
    )
    return Line(reverse("sessions:record-view", args=[record.public_id]), cells, patient_id=record.patient_id)


def _events(severity: Severity) -> Callable[[Scope], Listing]:
    def made(scope: Scope) -> Listing:
        heads = (_("Session"), _("Patient"), _("What happened"), _("Severity"), _("What was done"))
        names = ("patient", "record__course__site", "record__appointment__site")
        rows = overview_safety.events(scope).filter(severity=severity).select_related(*names)
        title = _("Adverse events: %(severity)s") % {"severity": severity.label}
        return Listing(title, heads, rows.order_by("record__performed_at", "pk"), _event_line, is_medical=True)

    return made


def _event_line(event: AdverseEvent) -> Line:
    cells = (
        _moment(event.record),
        event.patient.listed_name,
        event.kind,
        str(event.get_severity_display()),
        event.action or None,
    )
    return Line(reverse("sessions:record-view", args=[event.record.public_id]), cells, patient_id=event.patient_id)


def _moment(record: SessionRecord) -> datetime:
    """When a session was given, on the clock of its visit's site, else of its course's."""
    owner = record.appointment or record.course
    return localtime(record.performed_at, owner.site.zone if owner else None).replace(tzinfo=None)


STOCK = {
    "in-use": gettext_lazy("Lots in use"),
    "expiring": gettext_lazy("Lots that expire soon"),
    "expired": gettext_lazy("Lots expired and still in stock"),
    "low": gettext_lazy("Lots running low"),
    "recalled": gettext_lazy("Lots recalled"),
}


def _lots(scope: Scope, what: str) -> Listing:
    heads = (_("Lot"), _("Maker"), _("Expires"), _("Stock (mL)"), _("State"))
    rows = overview_safety.lots_of(scope, what).order_by("expires_on", "number", "pk")
    return Listing(str(STOCK[what]), heads, rows, _lot_line)


def _lot_line(lot: Lot) -> Line:
    name = f"{lot.substance} · {lot.number}"
    cells = (name, lot.manufacturer or None, lot.expires_on, lot.stock_ml, str(lot.get_status_display()))
    return Line(reverse("protocols:lot", args=[lot.public_id]), cells)


MAKERS: dict[str, Callable[[Scope], Listing]] = {
    "given": _given,
    "with-event": _with_event,
    **{f"event-{one.value}": _events(one) for one in Severity},
    "reached": _reached,
    "dropped": _dropped,
    "reviews": _reviews,
    "outcome": _outcomes,
    "responders": _responders,
}


def _course_address(course: Course) -> str:
    return reverse("sessions:course", args=[course.public_id])


def _day(day: date) -> str:
    return date_format(day, "j M Y")
