"""Forms of the booking pages: where and with whom to look, which time to take, why not."""

import uuid
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.forms import Form
from mesoclinic.core.localtime import NonexistentTime, instant
from mesoclinic.core.models import Clinic, Site
from mesoclinic.core.refused import Refused
from patients.models import Place
from patients.words import phone_key
from protocols.models import Species
from sessions.models import Appointment, Practitioner, Room
from sessions.models.appointments import AppointmentKind, CancelledBy
from sessions.queries import availability, room_choice
from sessions.queries.booking import places

from .choices import PublicChoice

OTHER_TIME = "other"
KNOWN = "known"  # the patient whom the typed caller turned out to be
FOR_SPECIES = "for_species"  # what the caller is asked to be instead, with all that was typed
WORDS_OF_A_GAP = _("The clocks jump over this time that night, so nobody can come then. Choose another.")


def default_minutes(clinic: Clinic, kind: str) -> int:
    return getattr(clinic, f"{kind}_min", clinic.other_min)


class WhereField(forms.ChoiceField):
    """Any room, one room, or a stable or home; read when they are shown or one is named.

    Only rooms that take all of the species are offered. Cleans to the keywords of the booking services.
    """

    def __init__(self, site: Site, *species: Species, **kwargs):
        self.site, self.species = site, species
        super().__init__(label=_("Where"), choices=self._offered, required=False, **kwargs)

    @cached_property
    def every_room(self) -> list[Room]:
        return list(availability.rooms(self.site))

    @cached_property
    def rooms(self) -> list[Room]:
        return room_choice.fitting(self.every_room, *self.species)

    @cached_property
    def places(self) -> list[Place]:
        return list(places(self.site.clinic))

    def _offered(self) -> Iterator[tuple]:
        yield "", _("Any free room") if self.rooms else _("No room needed")
        yield from ((where_key(room, None), room.name) for room in self.rooms)
        if self.places:
            yield _("Away from the clinic"), [(where_key(None, place), _away(place)) for place in self.places]

    def valid_value(self, value: Any) -> bool:
        """Let every room be named: one that does not take the species is refused in words of its own."""
        return super().valid_value(value) or any(where_key(room, None) == value for room in self.every_room)

    def clean(self, value: Any) -> dict[str, Any]:
        key = super().clean(value)
        room = next((one for one in self.every_room if where_key(one, None) == key), None) if key else None
        for species in self.species if room else ():
            if not room_choice.takes(room, species):
                raise forms.ValidationError(room_choice.why_not(room, species, self.rooms), code="wrong-species")
        place = next((one for one in self.places if where_key(None, one) == key), None) if key else None
        return {"room": room, "place": place, "any_room": not key}


def _away(place: Place) -> str:
    if not place.travel_min:
        return place.name
    return _("%(name)s (%(minutes)s min to get there)") % {"name": place.name, "minutes": place.travel_min}


def where_key(room: Room | None, place: Place | None) -> str:
    if place is not None:
        return f"place-{place.public_id}"
    return f"room-{room.public_id}" if room is not None else ""


class TimesForm(Form):
    """What to look for: with whom, where, how long, from which day. Everything has a default.

    `proposed` are the minutes the page proposed: those that still stand are not anybody's own, and go with the kind.
    """

    practitioner = PublicChoice(
        Practitioner.objects.none(), label=_("With"), required=False, empty_label=_("Anybody who can")
    )
    minutes = forms.IntegerField(label=_("Minutes"), min_value=1, max_value=999, required=False)
    kind = forms.ChoiceField(label=_("What for"), choices=AppointmentKind, required=False)
    from_on = forms.DateField(label=_("From day"), required=False)
    proposed = forms.IntegerField(required=False, widget=forms.HiddenInput(attrs={"autocomplete": "off"}))

    field_order = ["kind", "minutes", "practitioner", "where", "from_on"]

    def __init__(self, *args, site: Site, species: Species | None = None, **kwargs):
        super().__init__(*args, **kwargs)
        self.people = availability.practitioners(site.clinic, species=species).prefetch_related(None).distinct()
        self.fields["practitioner"].offer(self.people)
        self.fields["where"] = WhereField(site, *filter(None, [species]))
        self.order_fields(self.field_order)
        for field in self.visible_fields():
            field.field.widget.attrs["aria-describedby"] = f"{field.auto_id}_error"

    @property
    def rooms(self) -> list[Room]:
        return self.fields["where"].rooms


def asked_with_defaults(data: QueryDict, defaults: dict[str, Any]) -> QueryDict:
    """Fill what the address does not say with the page's own defaults."""
    filled = data.copy()
    for name, value in defaults.items():
        if name not in filled or (filled[name] == "" and name in ("minutes", "kind", "from_on")):
            filled[name] = "" if value is None else str(value)
    return filled


class ShownTimes(forms.Field):
    """Which of the times a page draws as radio buttons was chosen, as it was sent; its form says what is wrong with it."""

    widget = forms.RadioSelect

    def to_python(self, value: str | None) -> str:
        return value or ""


class TimeChoice(Form):
    """A time: one of those shown (`slot`), or another one typed in wall time of the site.

    A time typed without a practitioner is with the one looked for, `asked_for`.
    """

    needed_in_part = ("on", "at", "with_whom")

    slot = ShownTimes(label=_("Free times"), required=False)
    on = forms.DateField(label=_("Day"), required=False)
    at = forms.TimeField(label=_("Time"), required=False)
    with_whom = PublicChoice(Practitioner.objects.none(), label=_("With"), required=False)

    def __init__(
        self,
        *args,
        site: Site,
        people: QuerySet,
        shown: Callable[[], Iterable] | None = None,
        asked_for: Practitioner | None = None,
        **kwargs,
    ):
        super().__init__(*args, **kwargs)
        self.site, self.asked_for = site, asked_for
        self.fields["with_whom"].offer(people, shown)

    def clean(self):
        cleaned = super().clean()
        if cleaned.get("slot") and cleaned["slot"] != OTHER_TIME:
            self._take_slot(cleaned)
        else:
            self._take_typed(cleaned)
        return cleaned

    def _take_slot(self, cleaned: dict[str, Any]) -> None:
        starts, _tilde, who = cleaned["slot"].partition("~")
        try:
            starts_at = parse_datetime(starts)
            person = self.fields["with_whom"].queryset.filter(public_id=UUID(who)).first()
        except ValueError:
            starts_at = person = None
        if starts_at is None or person is None or starts_at.tzinfo is None or not 2000 <= starts_at.year <= 2100:
            self.add_error("slot", _("Choose one of the times shown, or type another one."))
            return
        cleaned["starts_at"], cleaned["practitioner"] = starts_at, person

    def _take_typed(self, cleaned: dict[str, Any]) -> None:
        typed = ("on", "at", "with_whom")
        if any(name in self.errors for name in typed):
            return
        if not cleaned.get("with_whom"):
            cleaned["with_whom"] = self.asked_for
        day, clock, person = (cleaned.get(name) for name in typed)
        if not (day or clock):
            self.add_error("slot", _("Choose a time."))
            return
        if not all((day, clock, person)):
            for name in typed:
                if not cleaned.get(name):
                    self.add_error(name, _("Fill this in, or choose one of the times shown."))
            return
        cleaned["practitioner"] = person
        try:
            cleaned["starts_at"] = instant(day, clock.replace(second=0, microsecond=0), self.site.zone)
        except NonexistentTime:
            self.add_error("at", WORDS_OF_A_GAP)

    def refuse(self, no: Refused) -> None:
        """Show a refusal next to the field it is about: a time typed, or one of those shown."""
        time = "at" if self.cleaned_data.get("slot") in ("", OTHER_TIME) else "slot"
        field = {"starts_at": time, "practitioner": "with_whom", "room": "where"}.get(no.field or "", no.field)
        self.add_error(field if field in self.fields else None, no.message)


class BookForm(TimeChoice):
    reason = forms.CharField(label=_("Reason for the visit"), required=False, max_length=300)
    note = forms.CharField(label=_("Note for the team"), required=False, max_length=500)
    outside_window_reason = forms.CharField(
        label=_("Why on this day"),
        required=False,
        max_length=150,
        help_text=_("Only for a day outside the window, or one that is blocked."),
    )
    squeeze_reason = forms.CharField(
        label=_("Why squeeze it in"),
        required=False,
        max_length=150,
        help_text=_("Only when the practitioner is not free: the visit is then squeezed in."),
    )
    booking_token = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args, may_squeeze: bool, in_file: bool, **kwargs):
        kwargs.setdefault("initial", {}).setdefault("booking_token", uuid.uuid4())
        super().__init__(*args, **kwargs)
        if not may_squeeze:
            del self.fields["squeeze_reason"]
        if not in_file:
            del self.fields["outside_window_reason"]

    def asked(self) -> dict[str, Any]:
        """Give the keywords of the booking service."""
        names = ("starts_at", "practitioner", "reason", "note", "booking_token")
        names += ("outside_window_reason", "squeeze_reason")
        return {name: self.cleaned_data[name] for name in names if name in self.cleaned_data}


class CallerFields(Form):
    """What is asked about somebody new: the little one knows on the phone, or at the desk."""

    name = forms.CharField(label=_("Name"), max_length=200)
    phone = forms.CharField(label=_("Phone"), max_length=40)
    owner_name = forms.CharField(label=_("Owner"), max_length=200, required=False)

    def __init__(self, *args, species: Species, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = True
        if species.is_animal:
            self.fields["name"].label = _("Name of the %(animal)s") % {"animal": str(species).lower()}
            self.fields["owner_name"].required = True
        else:
            del self.fields["owner_name"]


class CallerForm(CallerFields, BookForm):
    field_order = ["name", "owner_name", "phone", "reason", "note", "squeeze_reason"]

    def asked(self) -> dict[str, Any]:
        names = ("name", "phone", "owner_name")
        return super().asked() | {name: self.cleaned_data[name] for name in names if name in self.cleaned_data}


class NewHereForm(CallerFields):
    """Somebody new who stands at the desk: with whom, instead of a time."""

    reason = forms.CharField(label=_("Reason for the visit"), max_length=300)
    with_whom = PublicChoice(Practitioner.objects.none(), label=_("With"))
    booking_token = forms.UUIDField(widget=forms.HiddenInput)

    field_order = ["name", "owner_name", "phone", "reason", "with_whom"]

    def __init__(self, *args, people: QuerySet, **kwargs):
        kwargs.setdefault("initial", {}).setdefault("booking_token", uuid.uuid4())
        super().__init__(*args, **kwargs)
        self.fields["with_whom"].offer(people)

    def asked(self) -> dict[str, Any]:
        """Give the keywords of the walk-in service."""
        asked = dict(self.cleaned_data)
        return {"practitioner": asked.pop("with_whom"), **asked}


def typed_before(typed: QueryDict) -> dict[str, str]:
    """Give what was typed into a page as first values of another one; its form has not been sent yet."""
    own = ("booking_token", "csrfmiddlewaretoken")
    return {name: value for name, value in typed.items() if name not in own}


def typed_for_a_known(typed: QueryDict, phones: Iterable[str], country: str) -> dict[str, str]:
    """Turn what was typed about a new caller into first values for booking a patient who is known.

    A phone that the file does not have is kept in the note, with the owner's name as it was said.
    """
    kept = {
        name: typed[name] for name in ("slot", "on", "at", "with_whom", "reason", "squeeze_reason") if name in typed
    }
    phone, note = typed.get("phone", "").strip(), typed.get("note", "").strip()
    if phone and phone_key(phone, country) not in {phone_key(one, country) for one in phones}:
        who = ", ".join(part for part in (typed.get("owner_name", "").strip(), phone) if part)
        note = "; ".join(part for part in (note, _("Called from: %(who)s") % {"who": who}) if part)
    return {**kept, "note": note}


class MoveForm(TimeChoice):
    """A new time, length, practitioner and place of a visit. `starts` is what a drag sends, in wall time of the site."""

    minutes = forms.IntegerField(label=_("Minutes"), min_value=1, max_value=999)
    outside_window_reason = forms.CharField(label=_("Why on this day"), required=False, max_length=150)
    squeeze_reason = forms.CharField(label=_("Why squeeze it in"), required=False, max_length=150)
    seen_moves = forms.IntegerField(required=False, min_value=0, widget=forms.HiddenInput)

    field_order = ["on", "at", "minutes", "with_whom", "where"]

    def __init__(self, *args, site: Site, appointment: Appointment, may_squeeze: bool, **kwargs):
        local = appointment.starts_at.astimezone(site.zone)
        first = {
            "on": local.date(),
            "at": local.time(),
            "minutes": round((appointment.ends_at - appointment.starts_at).total_seconds() / 60),
            "with_whom": appointment.practitioner.public_id,
            "where": where_key(appointment.room, appointment.place),
            "seen_moves": appointment.moved_count,
        }
        kwargs["initial"] = {**first, **kwargs.get("initial", {})}
        super().__init__(*args, site=site, **kwargs)
        self.fields["where"] = WhereField(site, appointment.patient.species)
        for name in ("on", "at", "with_whom"):
            self.fields[name].required = True
        if not may_squeeze:
            del self.fields["squeeze_reason"]
        self.order_fields(self.field_order)

    def asked(self) -> dict[str, Any]:
        """Give the keywords of the move service."""
        names = ("starts_at", "practitioner", "minutes", "seen_moves", "outside_window_reason", "squeeze_reason")
        kept = {name: self.cleaned_data[name] for name in names if name in self.cleaned_data}
        return {**kept, **self.cleaned_data["where"]}


class DragForm(Form):
    """What a drag in the calendar sends: the new beginning in wall time of the site, perhaps another column."""

    starts = forms.CharField(max_length=16)
    minutes = forms.IntegerField(min_value=1, max_value=999)
    practitioner = PublicChoice(Practitioner.objects.none(), required=False)
    room = PublicChoice(Room.objects.none(), required=False)
    seen_moves = forms.IntegerField(min_value=0)

    def __init__(self, *args, site: Site, clinic: Clinic, **kwargs):
        super().__init__(*args, **kwargs)
        self.site = site
        self.fields["practitioner"].queryset = availability.practitioners(clinic)
        self.fields["room"].queryset = availability.rooms(site)

    def asked(self) -> dict[str, Any]:
        """Give the keywords of the move service; a column of rooms says no practitioner, and the other way round."""
        names = ("minutes", "practitioner", "room", "seen_moves")
        return {"starts_at": self.cleaned_data["starts"], **{name: self.cleaned_data[name] for name in names}}

    def clean_starts(self) -> datetime:
        try:
            wall = datetime.strptime(self.cleaned_data["starts"], "%Y-%m-%dT%H:%M")  # noqa: DTZ007 - the site's wall time
            return instant(wall.date(), wall.time(), self.site.zone)
        except NonexistentTime:
            raise forms.ValidationError(WORDS_OF_A_GAP) from None
        except (ValueError, OverflowError):
            raise forms.ValidationError(_("Enter a real date and time, like 2026-03-31 14:30.")) from None


class ReasonForm(Form):
    """Why; `suggestions` are one click away."""

    reason = forms.CharField(label=_("Why"), max_length=300)


class CancelForm(ReasonForm):
    cancelled_by = forms.ChoiceField(
        label=_("Who cancelled"), choices=[one for one in CancelledBy.choices if one[0]], widget=forms.RadioSelect
    )

    field_order = ["cancelled_by", "reason"]
