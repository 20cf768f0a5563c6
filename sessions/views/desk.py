"""What the booking pages have in common: what is looked for, the free times found, what is shown beside them."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

from django.forms import BoundField
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from mesoclinic.core.addresses import own_address
from mesoclinic.core.localtime import local_day
from mesoclinic.core.models import Site
from mesoclinic.core.refused import Refused
from mesoclinic.core.wording import date_format
from patients.models import Patient
from protocols.models import Species
from sessions.forms.appointments import TimeChoice, TimesForm, asked_with_defaults, default_minutes, where_key
from sessions.models import Appointment, PlannedSession, Practitioner
from sessions.queries import availability
from sessions.queries.booking import DAYS_SHOWN, MOST_DAYS, OfferedDay, offered_days
from sessions.services.appointments.checks import RIGHT_TO_SQUEEZE, window

FURTHEST_YEARS = 3


@dataclass
class Desk:
    """One booking page while it is answered. `filters` says what is looked for; the address keeps it."""

    request: HttpRequest
    species: Species | None
    patient: Patient | None = None
    planned: PlannedSession | None = None
    kind: str = Appointment.Kind.SESSION
    practitioner: Practitioner | None = None
    now: datetime = field(default_factory=timezone.now)
    refusal: Refused | None = None

    def __post_init__(self) -> None:
        self.site = self.request.site
        self.today = local_day(self.now, self.site.zone)
        self.window = window(self.planned, self.today) if self.planned else None
        self.filters = TimesForm(self._asked(), site=self.site, species=self.species)
        self.filters.is_valid()
        self.chosen: dict[str, Any] = self.filters.cleaned_data

    def _asked(self):
        kind = self.request.GET.get("kind") or self.kind
        minutes = self.planned.minutes if self.planned else None
        proposed = minutes or default_minutes(self.request.clinic, kind)
        place = self.patient.place if self.patient and self.patient.species.is_animal else None
        asked = self.request.GET.copy()
        if asked.get("minutes") == asked.pop("proposed", [None])[-1]:
            asked.pop("minutes", None)
        return asked_with_defaults(
            asked,
            {
                "kind": kind,
                "minutes": proposed,
                "proposed": proposed,
                "practitioner": self.practitioner.public_id if self.practitioner else "",
                "where": where_key(None, place),
                "from_on": self._first_day().isoformat(),
            },
        )

    def put_right(self) -> list[BoundField]:
        """Give the filters whose values an answer puts right on the page: what is proposed, and minutes proposed anew."""
        names = ["proposed"]
        if self.request.GET.get("minutes", self.filters["minutes"].value()) != self.filters["minutes"].value():
            names.append("minutes")
        for name in names:
            self.filters.fields[name].widget.attrs["hx-swap-oob"] = "true"
        return [self.filters[name] for name in names]

    def _first_day(self) -> date:
        if self.planned is None:
            return self.today
        return max(self.today, self.planned.earliest_on)

    @cached_property
    def people(self) -> list[Practitioner]:
        """Who may be chosen: all who treat the species and still work here. The filter has read them."""
        return [one for one in self.filters.people if one.last_day_on is None or one.last_day_on >= self.today]

    @property
    def choices(self) -> dict[str, Any]:
        """The keywords of a form that chooses one of these times and people."""
        rows = availability.practitioners(self.request.clinic, self.today, self.species).prefetch_related(None)
        return {
            "site": self.site,
            "people": rows.distinct(),
            "shown": lambda: self.people,
            "asked_for": self.chosen.get("practitioner"),
            "may_squeeze": self.may_squeeze,
        }

    @property
    def may_squeeze(self) -> bool:
        return self.request.user.has_perm(RIGHT_TO_SQUEEZE)

    @property
    def where(self) -> dict[str, Any]:
        return self.chosen.get("where") or {"room": None, "place": None, "any_room": True}

    @property
    def furthest_on(self) -> date:
        return self.today + timedelta(days=366 * FURTHEST_YEARS)

    @property
    def about_first_day(self) -> str:
        """Say why the times do not begin on the day asked for."""
        asked = self.chosen.get("from_on")
        if not self.filters.is_valid() or self.today <= asked <= self.furthest_on:
            return ""
        if asked < self.today:
            words = _("%(day)s is over: the times shown begin today.")
            return words % {"day": capfirst(date_format(asked, "l j F Y"))}
        return _("Times are shown until %(day)s. Choose a day before.") % {
            "day": date_format(self.furthest_on, "j F Y")
        }

    def days(self) -> list[OfferedDay]:
        """The free times to choose from; none while what is looked for makes no sense."""
        if not self.filters.is_valid():
            return []
        first = max(self.chosen["from_on"], self.today)
        if first > self.furthest_on:
            return []
        last = first + timedelta(days=DAYS_SHOWN - 1)
        if self.window and self.window[0] <= first <= self.window[1]:
            last = min(max(last, self.planned.due_on), first + timedelta(days=MOST_DAYS - 1))
        only = self.chosen["practitioner"]
        where = self.where
        return offered_days(
            self.site,
            practitioners=[only] if only else self.people,
            from_on=first,
            until_on=last,
            minutes=self.chosen["minutes"],
            patient=self.patient,
            rooms=[where["room"]] if where["room"] else [] if where["place"] else self.filters.rooms,
            away=where["place"] is not None,
            now=self.now,
            target_on=self.planned.due_on if self.planned else None,
            window=self.window,
            open_on=self._open_on(),
        )

    def _open_on(self) -> date | None:
        """The day somebody unfolded, or of the time they chose on a page that comes back."""
        asked = self.request.POST.get("slot") or self.request.GET.get("open_on", "")
        try:
            return date.fromisoformat(asked[:10])
        except ValueError:
            return None

    def first_choice(self) -> dict[str, Any]:
        """What a click on the calendar asked for, as the first values of the form."""
        asked = self.request.GET
        return {"on": asked.get("on", ""), "at": asked.get("at", "")[:5]}

    def page(self, template: str, form: TimeChoice, **more: Any) -> HttpResponse:
        """Answer with the page, or with the free times alone when only they are asked for anew.

        What is a function in `more` is asked for the whole page only.
        """
        asked = self.request.htmx
        if self.request.method == "GET" and asked and not asked.history_restore_request:
            return render(self.request, "sessions/appointments/_times_answer.html", self._context(form))
        beside = {name: value() if callable(value) else value for name, value in more.items()}
        return render(self.request, template, self._context(form) | beside, status=409 if self.refusal else 200)

    def _context(self, form: TimeChoice) -> dict[str, Any]:
        days = self.days()
        return {
            "desk": self,
            "form": form,
            "filters": self.filters,
            "days": days,
            "earlier_on": days[0].day - timedelta(days=DAYS_SHOWN) if days and days[0].day > self.today else None,
            "later_on": days[-1].day + timedelta(days=1) if days else None,
            "alternatives": self.refusal.details.get("alternatives", []) if self.refusal else [],
            "kept_query": self._kept_query(),
            "patient": self.patient,
            "planned": self.planned,
            "window": self.window,
        }

    @property
    def kept(self) -> list[tuple[str, str]]:
        """What of the address is not a filter, kept when a filter changes."""
        own = {*self.filters.fields, "open_on"}
        return [(name, value) for name, value in self.request.GET.items() if name not in own]

    def _kept_query(self) -> str:
        kept = self.request.GET.copy()
        for name in ("from_on", "open_on"):
            kept.pop(name, None)
        for name in {"minutes", "proposed"} & kept.keys():
            kept[name] = self.filters[name].value()
        return kept.urlencode()


def with_other_times(no: Refused, said: str, site: Site, who: Practitioner) -> str:
    """Say what is free instead, and with whom where it is somebody else than asked for."""
    others = []
    for one in no.details.get("alternatives", []):
        when = date_format(timezone.localtime(one.starts_at, site.zone), "D j M H:i")
        others.append(when if one.practitioner == who else f"{when} ({one.practitioner.name})")
    return _("%(why)s Free: %(times)s.") % {"why": said, "times": ", ".join(others)} if others else said


def back(request: HttpRequest, fallback: Any, *args: Any) -> HttpResponseRedirect:
    """Go where the page came from (`next`, this host only), else to the fallback."""
    target = own_address(request)
    return HttpResponseRedirect(target) if target else redirect(fallback, *args)
