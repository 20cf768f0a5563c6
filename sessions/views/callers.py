"""What the pages for somebody new have in common: of which species, and another one with all that was typed."""

from collections.abc import Collection, Sequence

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from protocols.models import Species
from sessions.forms.appointments import FOR_SPECIES
from sessions.queries import availability


def species_asked(request: HttpRequest, kinds: Sequence[Species]) -> Species | None:
    """Give the species the address names; else the first that the practitioner it names treats; else the first."""
    named = next((one for one in kinds if one.code == request.GET.get("species")), None)
    asked = request.GET.get("practitioner")
    if named or not asked:
        return named or next(iter(kinds), None)
    people = [one for one in availability.practitioners(request.clinic) if str(one.public_id) == asked]
    return next(
        (one for one in kinds if all(availability.treats(who, one.pk) for who in people)), next(iter(kinds), None)
    )


def another_asked(request: HttpRequest, kinds: Sequence[Species], now_for: Species) -> Species | None:
    """Give the species the page is to be for instead, when a tab of it was pressed."""
    asked = request.POST.get(FOR_SPECIES)
    return next((one for one in kinds if one.code == asked and one != now_for), None)


def to_species(request: HttpRequest, species: Species, *, without: Collection[str] = ()) -> HttpResponse:
    """Send the form on to the same page of another species. A 307 keeps the typed words out of the address."""
    kept = request.GET.copy()
    kept["species"] = species.code
    for name in without:
        kept.pop(name, None)
    return redirect(f"{request.path}?{kept.urlencode()}", preserve_request=True)


def no_species(request: HttpRequest) -> HttpResponse:
    messages.error(request, _("No species is known yet. Ask an admin to load the catalogue."))
    return redirect("sessions:calendar")
