"""Forms of rounds: where and when to go, whom to visit there, another time for all."""

import uuid
from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any

from django import forms
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.forms import Form
from mesoclinic.core.localtime import NonexistentTime, instant
from mesoclinic.core.models import Clinic, Site
from mesoclinic.core.refused import Refused
from patients.models import Place
from sessions.forms.appointments import WORDS_OF_A_GAP, ShownTimes, WhereField
from sessions.forms.choices import PublicChoice
from sessions.models import Practitioner, Room
from sessions.models.rounds import MOST_TRAVEL_MIN
from sessions.queries.booking import places
from sessions.queries.rounds import Candidate
from sessions.queries.together import MOST_SITTINGS, Way
from sessions.services.rounds import Stop


class WhereToForm(Form):
    """Which stable or home, on which day."""

    place = PublicChoice(Place.objects.none(), label=_("Stable or home"), empty_label=None)
    on = forms.DateField(label=_("Day"))

    def __init__(self, *args, clinic: Clinic, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["place"].queryset = places(clinic)


class StopsForm(Form):
    """Whom to visit, how long each, and from when: three fields for everybody who may be visited."""

    start = ShownTimes(label=_("Free times"), required=False)
    at = forms.TimeField(label=_("Or another time"), required=False, help_text=_("Counts when it is filled in."))
    booking_token = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args, site: Site, on: date, found: Sequence[Candidate], **kw):
        kw["initial"] = {"booking_token": uuid.uuid4(), **kw.get("initial", {})}
        super().__init__(*args, **kw)
        self.site, self.on, self.found = site, on, found
        for one in found:
            take = forms.BooleanField(required=False, initial=self.is_ticked(one), label=one.patient.name)
            minutes = forms.IntegerField(
                required=False, min_value=1, max_value=999, initial=one.minutes, label=_("Minutes")
            )
            self.add_field(f"take-{one.key}", take)
            self.add_field(f"minutes-{one.key}", minutes)
            if not one.is_due:
                words = _("Why today") if one.needs_reason else _("What for")
                self.add_field(f"reason-{one.key}", forms.CharField(required=False, max_length=150, label=words))

    def is_ticked(self, one: Candidate) -> bool:
        """Whether somebody is ticked at first."""
        return one.is_due

    def lines(self) -> list[dict[str, Any]]:
        """Give each candidate with its own fields."""
        return [
            {
                "candidate": one,
                "take": self[f"take-{one.key}"],
                "minutes": self[f"minutes-{one.key}"],
                "reason": self[f"reason-{one.key}"] if not one.is_due else None,
            }
            for one in self.found
        ]

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        for one in self.found:
            if data.get(f"take-{one.key}") and one.needs_reason and not data.get(f"reason-{one.key}"):
                blocked = _("Say why, because that day is blocked.")
                words = blocked if one.blocked else _("Say why, because the session is not due that day.")
                self.add_error(f"reason-{one.key}", words)
        return data

    def value_of(self, name: str) -> Any:
        """Give what was sent when it makes sense, else what the field shows at first."""
        if self.is_bound and hasattr(self, "cleaned_data"):
            return self.cleaned_data.get(name)
        return self.get_initial_for_field(self.fields[name], name) if name in self.fields else None

    def chosen(self) -> list[Stop]:
        """Give the visits ticked, in the order shown."""
        value = self.value_of
        return [
            Stop(
                patient=one.patient,
                minutes=value(f"minutes-{one.key}") or one.minutes,
                planned_session=one.planned,
                reason="" if one.planned else value(f"reason-{one.key}") or "",
                outside_window_reason=(value(f"reason-{one.key}") or "") if one.needs_reason else "",
            )
            for one in self.found
            if value(f"take-{one.key}")
        ]

    def starts_at(self) -> datetime | None:
        """Give the beginning chosen or typed; without one an error stands beside it."""
        chosen = self.chosen_start()
        if chosen is None and "at" not in self.errors:
            self.refuse_time(_("Choose one of the times shown, or type another one."))
        return chosen

    def refuse_time(self, message: str) -> None:
        """Say what is wrong with the beginning beside the times shown when one of them was sent, else where one is typed."""
        was_shown = self.cleaned_data.get("start") and self.cleaned_data.get("at") is None
        self.add_error("start" if was_shown else "at", message)

    def shown_among(self, times: Sequence[datetime]) -> datetime | None:
        """Give the time to show as chosen: the one sent when it is still offered, else the first."""
        sent = self._shown(self["start"].value() or "")
        return sent if sent in times else next(iter(times), None)

    def chosen_start(self) -> datetime | None:
        typed = self.cleaned_data.get("at")
        return self._at(typed) if typed is not None else self._shown(self.cleaned_data.get("start") or "")

    def _shown(self, text: str) -> datetime | None:
        try:
            at = parse_datetime(text)
        except ValueError:
            return None
        return at if at is not None and at.tzinfo is not None and 2000 <= at.year <= 2100 else None

    def _at(self, typed: time) -> datetime | None:
        try:
            return instant(self.on, typed.replace(second=0, microsecond=0), self.site.zone)
        except NonexistentTime:
            self.add_error("at", WORDS_OF_A_GAP)
            return None


class RoundForm(StopsForm):
    """A round: also with whom, and the way."""

    practitioner = forms.ChoiceField(label=_("With"), choices=())
    travel_before_min = forms.IntegerField(label=_("Minutes to get there"), min_value=0, max_value=MOST_TRAVEL_MIN)
    travel_after_min = forms.IntegerField(label=_("Minutes back"), min_value=0, max_value=MOST_TRAVEL_MIN)
    note = forms.CharField(label=_("Note for the round"), required=False, max_length=500)

    def __init__(self, *args, place: Place, people: Sequence[Practitioner], **kw):
        first = {"travel_before_min": place.travel_min, "travel_after_min": place.travel_min}
        kw["initial"] = {**first, **kw.get("initial", {})}
        super().__init__(*args, **kw)
        self.people = {str(one.public_id): one for one in people}
        self.fields["practitioner"].choices = [(key, one.name) for key, one in self.people.items()]

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        data["who"] = self.people.get(data.get("practitioner", ""))
        return data

    def ways(self) -> tuple[int, int]:
        """Give the minutes there and back as typed, else those of the place."""
        data = getattr(self, "cleaned_data", {})
        names = ("travel_before_min", "travel_after_min")
        there, back = (data.get(name) if data.get(name) is not None else self.initial[name] for name in names)
        return there, back


class TogetherForm(StopsForm):
    """Visits together: one after another or side by side, with whom, where, and how many times."""

    way = forms.ChoiceField(
        label=_("How"),
        choices=[
            (Way.ONE_AFTER_ANOTHER, _("One after the other, with one practitioner")),
            (Way.AT_ONCE, _("Side by side, at the same time")),
        ],
    )
    practitioner = PublicChoice(
        Practitioner.objects.none(), label=_("With"), required=False, empty_label=_("Anybody who can")
    )
    sittings = forms.IntegerField(
        label=_("How many times"),
        min_value=1,
        max_value=MOST_SITTINGS,
        initial=1,
        help_text=_("More than one also books the sessions that follow, on days that suit everybody."),
    )

    field_order = ["way", "practitioner", "where", "sittings"]

    def __init__(self, *args, people, **kw):
        super().__init__(*args, **kw)
        self.fields["practitioner"].queryset = people
        self.fields["where"] = WhereField(self.site, *{one.patient.species for one in self.found})
        self.order_fields(self.field_order)

    @property
    def rooms(self) -> list[Room]:
        return self.fields["where"].every_room

    def is_ticked(self, one: Candidate) -> bool:
        return True


class MoveRoundForm(Form):
    """Another day or time for the whole round, perhaps with somebody else."""

    on = forms.DateField(label=_("Day"))
    at = forms.TimeField(label=_("First visit at"))
    practitioner = PublicChoice(Practitioner.objects.none(), label=_("With"), empty_label=None)
    reason = forms.CharField(
        label=_("Why"),
        required=False,
        max_length=150,
        help_text=_("Only needed for a day outside the window of a session."),
    )

    def __init__(self, *args, site: Site, people, **kwargs):
        super().__init__(*args, **kwargs)
        self.site = site
        self.fields["practitioner"].queryset = people

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if not self.errors:
            try:
                at = data["at"].replace(second=0, microsecond=0)
                data["starts_at"] = instant(data["on"], at, self.site.zone)
            except NonexistentTime:
                self.add_error("at", WORDS_OF_A_GAP)
        return data

    def refuse(self, refused: Refused) -> None:
        """Show a refusal beside the field it is about, of which a visit has other names."""
        field = {"starts_at": "at", "outside_window_reason": "reason"}.get(refused.field or "", refused.field)
        super().refuse(Refused(refused.code, refused.message, field=field))


class AddToRoundForm(Form):
    """One more visit of a round: how long, and what for when no session is due."""

    minutes = forms.IntegerField(label=_("Minutes"), min_value=1, max_value=999)
    reason = forms.CharField(label=_("What for, or why today"), required=False, max_length=150)
