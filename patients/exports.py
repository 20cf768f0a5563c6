"""The columns of this app's lists in a spreadsheet."""

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.exports import Column

PLACES = (
    Column(_("Name"), lambda place: place.name),
    Column(_("Kind"), lambda place: place.get_kind_display()),
    Column(_("Address"), lambda place: place.address),
    Column(_("Phone"), lambda place: place.phone),
    Column(_("Minutes away"), lambda place: place.travel_min),
    Column(_("Patients"), lambda place: place.patient_count),
    Column(_("No longer used"), lambda place: gettext("yes") if place.is_archived else ""),
)
PATIENTS = (
    Column(_("File"), lambda hit: hit.number),
    Column(_("Name"), lambda hit: hit.name),
    Column(_("Passport name"), lambda hit: hit.registered_name),
    Column(_("Kind"), lambda hit: hit.species_label),
    Column(_("Known by"), lambda hit: ", ".join(f"{fact.label} {fact.value}" for fact in hit.facts[:-1])),
    Column(_("Phone"), lambda hit: hit.phone),
    Column(_("File closed"), lambda hit: _("yes") if hit.is_ended else ""),
)
IMPORTS = (
    Column(_("Uploaded"), lambda one: one.asked_at),
    Column(_("File"), lambda one: one.file_name),
    Column(_("By"), lambda one: str(one.asked_by)),
    Column(_("Kind"), lambda one: str(one.species)),
    Column(_("Rows"), lambda one: one.total),
    Column(_("Imported"), lambda one: one.imported_count),
    Column(_("Faulty"), lambda one: one.faulty_count),
    Column(_("State"), lambda one: one.get_status_display()),
)
CONSENT_TEXTS = (
    Column(_("Title"), lambda one: one.title),
    Column(_("Kind"), lambda one: one.get_kind_display()),
    Column(_("Country"), lambda one: one.country),
    Column(_("Language"), lambda one: one.language),
    Column(_("Version"), lambda one: one.version),
    Column(_("In use"), lambda one: gettext("yes") if one.is_current else ""),
    Column(_("Text"), lambda one: one.body),
    Column(_("Source"), lambda one: one.source),
)
