"""The list of patients: its filters, its order, and its lines."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.utils.dateparse import parse_date

from mesoclinic.core.models import Clinic
from patients.models import Patient
from patients.queries.search import Hit, hit_of, with_owners

SORTS = {
    "name": ("search_text", "id"),
    "number": ("number",),
    "birth": ("birth_on", "id"),
    "new": ("created_at", "id"),
}


@dataclass(frozen=True, slots=True)
class Filters:
    """What the list shows: one species or all, open or closed files, in which order."""

    species: str = ""
    state: str = "open"
    sort: str = "name"


def read_filters(asked: Mapping[str, str]) -> Filters:
    """Read the address; what makes no sense counts as not said."""
    state, sort = asked.get("state", "open"), asked.get("sort", "name")
    return Filters(
        species=asked.get("species", "")[:20].replace("\x00", ""),
        state=state if state in ("open", "ended", "all") else "open",
        sort=sort if sort.removeprefix("-") in SORTS else "name",
    )


def patients(clinic: Clinic, filters: Filters, *, today: date) -> QuerySet[Patient]:
    """Return the clinic's files, merged and restricted ones left out, for a paginator. Four SQL statements a page, with `rows`."""
    found = with_owners(Patient.objects.filter(clinic=clinic, restricted_at__isnull=True), today)
    if filters.species:
        found = found.filter(species__code=filters.species)
    if filters.state != "all":
        found = found.filter(ended_on__isnull=filters.state == "open")
    names = SORTS[filters.sort.removeprefix("-")]
    down = "-" if filters.sort.startswith("-") else ""
    return found.order_by(*(down + name for name in names))


def rows(found: Iterable[Patient]) -> list[Hit]:
    return [hit_of(patient) for patient in found]


def read_twin(asked: Mapping[str, str]) -> dict[str, Any]:
    """Read what was typed so far of a new patient, for `search.duplicates`."""

    def text(name: str) -> str:
        return asked.get(name, "")[:200].replace("\x00", "")

    try:
        birth_on = parse_date(text("birth_on"))
    except ValueError:
        birth_on = None
    identifiers = (text(name) for name in ("microchip", "ueln", "passport", "fei", "national"))
    return {
        "name": text("name") or text("registered_name"),
        "birth_on": birth_on,
        "phone": text("phone") or text("contact-phone"),
        "identifier": next((value for value in identifiers if value), ""),
        "species": text("species"),
    }


def as_json(hit: Hit) -> dict[str, Any]:
    return {
        "id": str(hit.public_id),
        "name": hit.name,
        "registered_name": hit.registered_name,
        "species": hit.species_code,
        "number": hit.number,
        "facts": [f"{fact.label} {fact.value}" for fact in hit.facts],
        "phone": hit.phone,
        "is_ended": hit.is_ended,
        "is_restricted": hit.is_restricted,
        "url": hit.url,
    }
