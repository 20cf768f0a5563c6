"""The page of a proposed series: look, choose other times, accept all of it or the part that fits."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mesoclinic.core.access import requires
from mesoclinic.core.refused import Refused
from mesoclinic.core.wording import date_format
from patients.queries import patients as patient_reads
from sessions.forms.preferences import as_initial
from sessions.forms.series import KeyReader, SeriesForm, TimesAccepted, time_key
from sessions.models import Appointment, Course
from sessions.queries import availability, courses, preferences, proposal_words, proposals
from sessions.queries.proposals import Found, Line
from sessions.services import appointments

from .courses import is_waiting


@requires("sessions.book")
def book_series(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Propose a whole series (GET); book what is shown, all or nothing (POST)."""
    course = courses.get_or_404(request.clinic, public_id)
    if course.status != Course.Status.ACTIVE or is_waiting(course):
        messages.warning(request, _no_series_now(course))
        return redirect("sessions:course", course.public_id)
    desk = SeriesDesk(request, course, timezone.now())
    if request.method != "POST":
        return render(request, "sessions/courses/series.html", desk.context())
    accepted = TimesAccepted(request.POST, site=course.site)
    try:
        booked = _book(request, course, desk, accepted)
    except Refused as no:
        return render(request, "sessions/courses/series.html", desk.context(refused=no), status=409)
    messages.success(request, _said(booked))
    return redirect("sessions:course", course.public_id)


def _book(request: HttpRequest, course: Course, desk: "SeriesDesk", accepted: TimesAccepted) -> list[Appointment]:
    if not accepted.is_valid():
        raise Refused("unreadable", " ".join(accepted.non_field_errors()) or _("The form could not be read."))
    return appointments.book_series(
        actor=request.user,
        clinic=request.clinic,
        course=course,
        times=accepted.cleaned_data["times"],
        place=desk.place,
        booking_token=accepted.cleaned_data["token"],
        now=desk.now,
    )


def _no_series_now(course: Course) -> str:
    if course.status == Course.Status.PAUSED:
        return _("This course is paused. A practitioner must resume it before sessions are booked.")
    if not course.is_open:
        return _("This course has ended: there is nothing to book.")
    return _("The plan is being made. Look for times in a moment.")


def _said(booked: list[Appointment]) -> str:
    first = min(booked, key=lambda visit: visit.starts_at)
    when = date_format(timezone.localtime(first.starts_at, first.site.zone), "l j F Y, H:i")
    words = {"n": len(booked), "when": when}
    return ngettext("Booked: %(when)s.", "%(n)s sessions are booked, the first on %(when)s.", len(booked)) % words


@dataclass(frozen=True)
class ShownLine:
    """A line of the page with its words and the address that shows other times for it."""

    line: Line
    price: str
    detail: str
    swap_query: str
    is_swapped: bool


@dataclass(frozen=True)
class ShownAlternative:
    line: Line
    price: str
    effect: str
    pin_query: str


class SeriesDesk:
    """The page while it is answered. The address keeps what is looked for and which times were chosen."""

    def __init__(self, request: HttpRequest, course: Course, now: datetime):
        self.request, self.course, self.now = request, course, now
        self.filters = SeriesForm(self._asked(), course=course)
        self.is_sound = self.filters.is_valid()
        self.place = self.filters.where() if self.is_sound else None

    def _asked(self) -> QueryDict:
        """What the address asks for; the first time, what is known of the patient."""
        if "asked" in self.request.GET:
            return self.request.GET
        filled = self.request.GET.copy()
        wished = preferences.preference_of(self.course.patient)
        for name, value in as_initial(wished).items():
            filled.setlist(name, value if isinstance(value, list) else [value])
        place = self.course.patient.place
        filled["away"] = "1" if place is not None and self.course.patient.species.is_animal else ""
        return filled

    @cached_property
    def swapped(self) -> int:
        asked = self.request.GET.get("swap", "")
        return int(asked) if asked.isascii() and asked.isdigit() and len(asked) <= 4 else 0

    def find(self, *, fresh: bool = False) -> Found | None:
        """Ask for the proposal; a `fresh` one forgets the times chosen."""
        if not self.is_sound:
            return None
        keys = [] if fresh else self.request.GET.getlist("pin")
        pins = KeyReader(self.course.site).pins(keys, self.now) if keys else []
        return proposals.find_series(
            self.course,
            self.filters.preference(),
            now=self.now,
            place=self.place,
            pins=pins,
            count=self.filters.cleaned_data["count"],
            look_far=bool(pins or self.swapped),
        )

    def context(self, refused: Refused | None = None) -> dict[str, Any]:
        found = self.find(fresh=refused is not None)
        lost = proposals.lost_pins(found) if found else []
        if lost:
            found = self.find(fresh=True)
        return {
            "course": self.course,
            "banner": patient_reads.banner(patient_reads.kept(self.course.patient), timezone.localdate()),
            "filters": self.filters,
            "refused": refused,
            "lost": lost,
            "kept": [("pin", key) for key in self.request.GET.getlist("pin")] if not (refused or lost) else [],
            "token": uuid4(),
            **(self._shown(found) if found else {"lines": []}),
        }

    def _shown(self, found: Found) -> dict[str, Any]:
        lines = found.lines()
        placed = [line for line in lines if line.starts_at is not None]
        inside = [line for line in placed if not line.choice.is_outside]
        days = [why.on for line in lines for why in line.whys]
        self.closed = availability.closed_days(self.course.site, min(days), max(days)) if days else None
        is_whole = found.proposal.is_whole
        others = [] if found.proposal.inside == len(lines) else proposals.relaxations(found)
        return {
            "found": found,
            "lines": [self._line(line, found) for line in lines],
            "promise": proposal_words.promise(found),
            "is_perfect": found.proposal.inside == len(lines) and not found.proposal.displaced,
            "displaced": [proposal_words.displaced(one) for one in found.proposal.displaced],
            "relaxed": [proposal_words.relaxed(one, len(lines)) for one in others],
            "help": "" if placed else proposal_words.help_for(found, lines),
            "all_keys": [time_key(line) for line in placed] if is_whole else [],
            "fitting_keys": [time_key(line) for line in self._part(lines, placed, inside)],
            "alternatives": self._alternatives(found),
        }

    @staticmethod
    def _part(lines: Iterable[Line], placed: list[Line], inside: list[Line]) -> list[Line]:
        """The part that may be booked by itself: what lies inside its window, else what has a time."""
        part = inside or placed
        return part if len(part) < len(list(lines)) else []

    def _line(self, line: Line, found: Found) -> ShownLine:
        return ShownLine(
            line,
            proposal_words.price(line),
            proposal_words.detail(line, self._causes(line, found)),
            self._swap_query(line.number),
            is_swapped=self.swapped == line.number,
        )

    def _causes(self, line: Line, found: Found) -> list[str]:
        if self.closed is None or line.is_pinned:
            return []
        return [proposal_words.cause(why, found.people, self.closed, found.blocked) for why in line.whys]

    def _alternatives(self, found: Found) -> list[ShownAlternative]:
        shown = []
        for line, solved in proposals.alternatives(found, self.swapped) if self.swapped else []:
            effect = proposal_words.effect(found.proposal, solved, line.number)
            pin = self._pin_query(time_key(line))
            shown.append(ShownAlternative(line, proposal_words.price(line), effect, pin))
        return shown

    @cached_property
    def _kept_query(self) -> str:
        """The address of this page with no other times shown: every line of it begins with the same."""
        return self._asked_again().urlencode()

    def _asked_again(self) -> QueryDict:
        query = self.filters.data.copy()
        query["asked"] = "1"
        query.pop("swap", None)
        return query

    def _swap_query(self, number: int) -> str:
        """Give the address of this page with other times shown for a session, or, where they are shown, without."""
        return self._kept_query if self.swapped == number else f"{self._kept_query}&swap={number}"

    def _pin_query(self, key: str) -> str:
        """Give the address of this page with this time chosen for its session."""
        query, number = self._asked_again(), key.partition("~")[0]
        query.setlist("pin", [one for one in query.getlist("pin") if one.partition("~")[0] != number] + [key])
        return query.urlencode()
