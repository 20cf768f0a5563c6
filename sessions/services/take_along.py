"""Print what a patient or owner takes along; that it was printed is written down."""

from datetime import datetime

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from mesoclinic.core import audit
from mesoclinic.core.localtime import local_day
from mesoclinic.core.models import Clinic, User
from mesoclinic.core.refused import Refused
from patients.models import Patient
from patients.queries.parties import language_of
from protocols.models import ProtocolVersion, Species
from sessions.models import Course
from sessions.models.leaflets import LeafletReader
from sessions.printing.card import CardSize, card_data, card_file_name
from sessions.printing.leaflet import Leaflet, leaflet_data, leaflet_file_name
from sessions.printing.pdf import PrintedPaper, print_data
from sessions.printing.words import Words
from sessions.queries.leaflets import leaflet, leaflet_of_protocol, leaflet_words
from sessions.queries.take_along import appointment_card, card_words, sessions_on_card, visits_on_card


def print_card(
    *,
    actor: User,
    patient: Patient,
    course: Course | None = None,
    size: CardSize = CardSize.CARD,
    language: str = "",
    now: datetime | None = None,
) -> PrintedPaper:
    """Print the appointment card of a patient, of one course or of all that is booked. Raises Refused("no-visits").

    Without a language, the one of whoever takes it along. Typesetting comes after what is written down.
    """
    now = now or timezone.now()
    visits = visits_on_card(patient, course, now)
    if not visits:
        raise Refused("no-visits", _("Nothing is booked, so there is no card to print."))
    today = local_day(now, visits[0].site.zone)
    with translation.override(language or language_of(patient, today)):
        to_book = sessions_on_card(patient, course)
        card, words = appointment_card(patient, visits, to_book, size=size, today=today), card_words()
    audit.record(actor=actor, verb="appointment-card.printed", subject=course or patient, patient_id=patient.pk)
    return PrintedPaper(print_data(card_data(card, words), now, template="card.typ"), card_file_name(card))


def print_leaflet(
    *, actor: User, patient: Patient, course: Course | None = None, language: str = "", now: datetime | None = None
) -> PrintedPaper:
    """Print what to expect, for a patient of a species or for one course. Without a language, that of who takes it."""
    now = now or timezone.now()
    today = local_day(now, course.site.zone) if course is not None else timezone.localdate(now)
    with translation.override(language or language_of(patient, today)):
        made, words = leaflet(patient, course, today=today), leaflet_words()
    audit.record(actor=actor, verb="leaflet.printed", subject=course or patient, patient_id=patient.pk)
    return _printed(made, words, now)


def print_protocol_leaflet(
    *, version: ProtocolVersion, species: Species, language: str = "", now: datetime | None = None
) -> PrintedPaper:
    """Print what anybody of a species is to expect of a protocol. Nothing is written down: no file is opened.

    Without a language, that of the moment.
    """
    now = now or timezone.now()
    with translation.override(language or translation.get_language()):
        made, words = leaflet_of_protocol(version, species, today=timezone.localdate(now)), leaflet_words()
    return _printed(made, words, now)


def preview_leaflet(*, clinic: Clinic, reader: str, language: str, text: str, now: datetime) -> PrintedPaper:
    """Print the leaflet of nobody with what the clinic would add. Nothing is written down: no file is opened."""
    is_animal = reader == LeafletReader.ANIMALS
    species = next(one for one in Species.objects.all() if one.is_animal == is_animal)
    with translation.override(language):
        nobody = Patient(clinic=clinic, species=species, name=_("Example"))
        made, words = leaflet(nobody, None, today=timezone.localdate(now), own=text), leaflet_words()
    return _printed(made, words, now)


def _printed(made: Leaflet, words: Words, now: datetime) -> PrintedPaper:
    return PrintedPaper(print_data(leaflet_data(made, words), now, template="leaflet.typ"), leaflet_file_name(made))
