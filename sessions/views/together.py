"""Book visits together: a couple, a family, two courses of one patient; once or as a series."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from mesoclinic.core.access import requires
from mesoclinic.core.localtime import local_day
from mesoclinic.core.refused import Refused
from patients.models import Patient
from patients.queries import search
from sessions.forms.rounds import TogetherForm
from sessions.queries import availability, room_choice
from sessions.queries import rounds as round_reads
from sessions.queries import together as reads
from sessions.services.appointments.together import book_together as service
from sessions.services.appointments.together import is_booked_by_form

MOST_PATIENTS = 12


@dataclass
class TogetherDesk:
    """The page while it is answered: who (`with`, several times), which day, and the form."""

    request: HttpRequest
    now: datetime = field(default_factory=timezone.now)

    def __post_init__(self) -> None:
        self.site, asked = self.request.site, self.request.GET
        self.today = local_day(self.now, self.site.zone)
        self.on = self._on(asked.get("on", ""))
        self.patients = self._patients(asked.getlist("with")[:MOST_PATIENTS])
        self.found = round_reads.candidates_of(self.site, self.patients, self.on, self.now) if self.patients else []
        self.form = TogetherForm(
            self.request.POST or None,
            site=self.site,
            on=self.on,
            found=self.found,
            people=availability.practitioners(self.request.clinic, self.on).distinct(),
        )
        self.form.is_valid()

    def _on(self, text: str) -> date:
        try:
            on = date.fromisoformat(text)
        except ValueError:
            return self.today
        return on if 2000 <= on.year <= 2100 else self.today

    def _patients(self, codes: Sequence[str]) -> list[Patient]:
        keys = []
        for code in codes:
            try:
                keys.append(UUID(code))
            except ValueError:
                continue
        rows = Patient.objects.filter(clinic=self.request.clinic, public_id__in=keys, merged_into__isnull=True)
        rows = rows.filter(restricted_at__isnull=True).select_related("species")
        return sorted(rows, key=lambda one: keys.index(one.public_id))

    @cached_property
    def wanted(self) -> reads.Wanted:
        where = self.form.value_of("where") or {"place": None, "room": None}
        only = self.form.value_of("practitioner")
        rooms = [where["room"]] if where["room"] else self.form.rooms
        coming = {one.patient.species for one in self.found}
        rooms = [room for room in rooms if any(room_choice.takes(room, one) for one in coming)]
        return reads.Wanted(
            site=self.site,
            stops=tuple(self.form.chosen()),
            way=reads.Way(self.form.value_of("way") or reads.Way.ONE_AFTER_ANOTHER),
            people=(only,) if only else tuple(self.form.fields["practitioner"].queryset),
            rooms=None if where["place"] or not rooms else tuple(rooms),
            on=self.on,
            now=self.now,
            sittings=self.form.value_of("sittings") or 1,
        )

    @property
    def place(self):
        return (self.form.value_of("where") or {}).get("place")

    @cached_property
    def table(self) -> reads.Table | None:
        return reads.Table(self.wanted) if len(self.wanted.stops) > 1 else None

    def was_booked(self) -> bool:
        """Say whether this very form has booked already and is sent a second time."""
        token = self.form.cleaned_data.get("booking_token") if self.form.is_bound and self.patients else None
        return token is not None and is_booked_by_form(self.request.clinic, token)

    def sittings(self) -> list[reads.Sitting]:
        """Give what the form asks to book; without all of it an error stands in the form."""
        starts_at = self.form.starts_at()
        first = self.table.at(starts_at) if self.table and starts_at else None
        if first is None:
            if starts_at:
                words = (
                    reads.why_none(self.wanted) if self.table is None else _("This time is not free for all of them.")
                )
                self.form.refuse_time(words)
            return []
        series = self.table.series(first)
        if series.problem:
            self.form.add_error("sittings", series.problem)
            return []
        return list(series.sittings)

    def context(self) -> dict[str, Any]:
        choices = self.table.choices() if self.table else []
        text = self.request.GET.get("q", "")[:200]
        shown = self.form.shown_among([one.starts_at for one in choices])
        kept = self.request.GET.copy()
        kept.pop("q", None)
        return {
            "desk": self,
            "form": self.form,
            "lines": self.form.lines(),
            "choices": choices,
            "chosen_start": shown,
            "why_none": "" if choices else reads.why_none(self.wanted),
            "other": self.table.next_day() if self.table and not choices else None,
            "series": self._series(choices),
            "relatives": reads.relatives(self.patients, self.today) if self.patients else [],
            "hits": search.search(self.request.clinic, text) if text.strip() else [],
            "text": text,
            "kept": kept.urlencode(),
        }

    def _series(self, choices: Sequence[reads.Sitting]) -> reads.Series | None:
        """The series as it would be booked, to read before it is."""
        if self.table is None or self.wanted.sittings < 2:
            return None
        starts_at = self.form.chosen_start() if self.form.is_bound and hasattr(self.form, "cleaned_data") else None
        first = self.table.at(starts_at) if starts_at else next(iter(choices), None)
        return self.table.series(first) if first else None


@requires("sessions.book")
def book_together(request: HttpRequest) -> HttpResponse:
    desk, refused = TogetherDesk(request), False
    if desk.was_booked():
        return redirect("sessions:patient", desk.patients[0].public_id)
    if request.method == "POST" and desk.form.is_valid() and (sittings := desk.sittings()):
        token = desk.form.cleaned_data["booking_token"]
        common = {"actor": request.user, "clinic": request.clinic, "site": desk.site, "booking_token": token}
        try:
            visits = service(**common, sittings=sittings, place=desk.place)
        except Refused as no:
            desk.form.add_error(None, no.message)
            refused = True
        else:
            words = ngettext("Booked together: %(count)s visit.", "Booked together: %(count)s visits.", len(visits))
            messages.success(request, words % {"count": len(visits)})
            return redirect("sessions:patient", desk.patients[0].public_id)
    return render(request, "sessions/appointments/together.html", desk.context(), status=409 if refused else 200)


@require_POST
@requires("sessions.book")
def together_times(request: HttpRequest) -> HttpResponse:
    """Show the times that fit what is asked for now; nothing is booked."""
    return render(request, "sessions/appointments/together.html", TogetherDesk(request).context())
