"""The page that plans a round, while it is answered: place and day, who is there, the times that fit."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone

from mesoclinic.core.localtime import local_day
from mesoclinic.core.refused import Refused
from patients.models import Place
from sessions.forms.rounds import RoundForm, WhereToForm
from sessions.models import Practitioner
from sessions.queries import booking
from sessions.queries import rounds as reads


@dataclass
class RoundDesk:
    """`place` is None when the clinic goes nowhere yet."""

    request: HttpRequest
    now: datetime = field(default_factory=timezone.now)
    refusal: Refused | None = None

    def __post_init__(self) -> None:
        self.site = self.request.site
        self.today = local_day(self.now, self.site.zone)
        self.places = list(booking.places(self.request.clinic))
        self.place = self._place()
        if self.place is None:
            return
        self.on = self._on()
        asked = {"place": self.place.public_id, "on": self.on}
        self.where_to = WhereToForm(clinic=self.request.clinic, initial=asked)
        self.found = reads.candidates(self.site, self.place, self.on, self.now)
        self.people = reads.people_for(self.request.clinic, self.on, self.found)
        own = self._first_practitioner()
        self.form = RoundForm(
            self.request.POST or None,
            site=self.site,
            place=self.place,
            on=self.on,
            people=self.people,
            found=self.found,
            initial={"practitioner": str(own.public_id) if own else ""},
        )

    def _place(self) -> Place | None:
        code = self.request.GET.get("place", "")
        try:
            wanted = UUID(code) if code else None
        except ValueError:
            wanted = None
        return next((one for one in self.places if one.public_id == wanted), self.places[0] if self.places else None)

    def _on(self) -> date:
        try:
            on = date.fromisoformat(self.request.GET.get("on", ""))
        except ValueError:
            return self.today
        return on if 2000 <= on.year <= 2100 else self.today

    def _first_practitioner(self) -> Practitioner | None:
        """The user, who treats; else who leads the most courses due there; else the first."""
        own = next((one for one in self.people if one.user_id == self.request.user.pk), None)
        leads = [one.planned.course.lead_practitioner_id for one in self.found if one.is_due and one.planned]
        by_courses = sorted(self.people, key=lambda one: -leads.count(one.pk))
        return own or (by_courses[0] if by_courses else None)

    @property
    def practitioner(self) -> Practitioner | None:
        if self.form.is_bound and getattr(self.form, "cleaned_data", {}).get("who"):
            return self.form.cleaned_data["who"]
        return self.form.people.get(self.form.initial["practitioner"])

    def asked(self, starts_at: datetime) -> dict[str, Any]:
        """Give the keywords of the booking service."""
        before_min, after_min = self.form.ways()
        return {
            "clinic": self.request.clinic,
            "site": self.site,
            "place": self.place,
            "practitioner": self.practitioner,
            "starts_at": starts_at,
            "stops": self.form.chosen(),
            "travel_before_min": before_min,
            "travel_after_min": after_min,
            "note": self.form.cleaned_data["note"],
            "booking_token": self.form.cleaned_data["booking_token"],
        }

    def refuse(self, no: Refused) -> None:
        self.refusal = no
        if no.field == "starts_at":
            self.form.refuse_time(no.message)
        else:
            self.form.add_error(no.field if no.field in self.form.fields else None, no.message)

    def times(self) -> reads.RoundTimes | None:
        if self.practitioner is None:
            return None
        stops = [(stop.patient, stop.minutes) for stop in self.form.chosen()]
        before_min, after_min = self.form.ways()
        return reads.round_times(
            self.site, self.practitioner, self.on, stops, before_min=before_min, after_min=after_min, now=self.now
        )

    def context(self) -> dict[str, Any]:
        lines, times = self.form.lines(), self.times()
        return {
            "desk": self,
            "form": self.form,
            "where_to": self.where_to,
            "place": self.place,
            "on": self.on,
            "due": [line for line in lines if line["candidate"].is_due],
            "others": [line for line in lines if not line["candidate"].is_due],
            "times": times,
            "chosen_start": self.form.shown_among([one.starts_at for one in times.times] if times else []),
            "words": reads.place_words(self.place),
        }
