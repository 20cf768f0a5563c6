"""The forms of a proposed series: what to look for, and the times shown that are accepted."""

import uuid
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.forms import Form
from mesoclinic.core.models import Site
from sessions.models import Course, Practitioner, Room
from sessions.queries import availability
from sessions.queries.proposals import Line, Pin
from sessions.services.appointments import SeriesTime

from .preferences import PreferenceForm

MOST_SESSIONS = 99
NO_ROOM = "-"


class SeriesForm(PreferenceForm):
    """What to look for: the patient's wishes, how many sessions, at the clinic or where the patient is."""

    count = forms.IntegerField(
        label=_("How many sessions"),
        min_value=1,
        max_value=MOST_SESSIONS,
        required=False,
        help_text=_("Empty: the whole series, or the next one when it goes on without end."),
    )
    away = forms.ChoiceField(label=_("Where"), required=False)

    def __init__(self, *args, course: Course, **kwargs):
        anybody = _("%(name)s if possible") % {"name": course.lead_practitioner.name}
        super().__init__(*args, site=course.site, patient=course.patient, anybody=anybody, **kwargs)
        self.place = course.patient.place
        if self.place is None or self.place.is_archived:
            self.place = None
            del self.fields["away"]
        else:
            self.fields["away"].choices = [("", _("At the clinic")), ("1", self.place.name)]

    def where(self):
        """Return the place to treat at, None for the clinic."""
        return self.place if self.cleaned_data.get("away") else None


def time_key(line: Line) -> str:
    """Return a line as one value of a form or an address: number, instant, practitioner, room."""
    assert line.starts_at is not None
    assert line.practitioner is not None
    room = str(line.room.public_id) if line.room else NO_ROOM
    return f"{line.number}~{line.starts_at.isoformat()}~{line.practitioner.public_id}~{room}"


class TimesAccepted(Form):
    """The times on the page, one `time` each, and the token that makes a second click do nothing."""

    token = forms.UUIDField(required=False)

    def __init__(self, data: Any, *, site: Site):
        super().__init__(data)
        self.known = KeyReader(site)
        self.keys = data.getlist("time")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        times = [self.known.read(key) for key in self.keys[:MOST_SESSIONS]]
        numbers = {one.number for one in times if one is not None}
        if None in times or len(numbers) != len(self.keys):
            raise forms.ValidationError(_("The times could not be read. Here they are again."), code="unreadable")
        cleaned["times"] = times
        cleaned["token"] = cleaned.get("token") or uuid.uuid4()
        return cleaned


class KeyReader:
    """Reads what `time_key` wrote. Two SQL statements, whatever the number of keys."""

    def __init__(self, site: Site):
        self.people: dict[UUID, Practitioner] = {one.public_id: one for one in availability.practitioners(site.clinic)}
        self.rooms: dict[UUID, Room] = {one.public_id: one for one in availability.rooms(site)}

    def read(self, key: str) -> SeriesTime | None:
        """Return the time a key names; None for one that names nothing of ours."""
        parts = key.split("~")
        if len(parts) != 4 or not (parts[0].isascii() and parts[0].isdigit() and len(parts[0]) <= 4):
            return None
        starts_at = _instant(parts[1])
        person = self.people.get(_uuid(parts[2]))
        room = None if parts[3] == NO_ROOM else self.rooms.get(_uuid(parts[3]))
        if starts_at is None or person is None or (room is None and parts[3] != NO_ROOM):
            return None
        return SeriesTime(int(parts[0]), starts_at, person, room)

    def pins(self, keys: list[str], now: datetime) -> list[Pin]:
        """Return the pins of an address; what cannot be read or has passed is left out."""
        read = [self.read(key) for key in keys[:MOST_SESSIONS]]
        times = {one.number: one for one in read if one is not None and now < one.starts_at < now + timedelta(1098)}
        return [
            Pin(one.number, one.starts_at, one.practitioner.pk, one.room.pk if one.room else 0)
            for one in times.values()
        ]


def _instant(text: str) -> datetime | None:
    try:
        found = parse_datetime(text)
    except ValueError:
        return None
    if found is None or found.tzinfo is None or not 1990 <= found.year <= 2150:
        return None
    return found.replace(second=0, microsecond=0)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)
