"""What the leaflet says: the shipped sentences for a species, and of a course or a protocol what is planned and advised.

The sentences stand with their sources in `protocols/catalogue/aftercare.toml`. A clinic changes what is said afterwards
in the aftercare of its protocols, and adds a text of its own to all leaflets of people or animals.
"""

from collections.abc import Iterable
from datetime import date

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from mesoclinic.core.models import Clinic, Site
from patients.models import Patient
from patients.queries.patients import file_ids
from protocols.advice import advice_for, parted, rest_of, sentence, shipped_advice
from protocols.models import ProtocolVersion, Species
from protocols.words import cadence_words
from sessions.models import Course, LeafletText
from sessions.models.courses import OPEN_COURSES
from sessions.models.leaflets import LeafletReader
from sessions.printing.leaflet import LEAFLET_WORDS, Leaflet
from sessions.printing.words import Words
from sessions.queries.paper import letterhead, paper_of, paper_size

MOST_INDICATIONS = 3  # whoever reads more does not know why they are here
MOMENTS = ("before", "session", "after", "watch")


def own_texts(clinic: Clinic) -> dict[tuple[str, str], str]:
    """What a clinic adds, by reader and language. One SQL statement."""
    return {(one.reader, one.language): one.text for one in LeafletText.objects.filter(clinic=clinic)}


def leaflet(patient: Patient, course: Course | None, *, today: date, own: str | None = None) -> Leaflet:
    """Give the leaflet of a patient, or of one course, in the language of the moment. Two SQL statements, one more
    for a patient of a species that has to rest: the running courses say how.

    `own` is what the clinic adds, where that is not yet kept.
    """
    return _leaflet(
        patient.clinic,
        patient.species,
        patient.name,
        site=course.site if course is not None else None,
        plan=_plan(course),
        advice=_advice(patient, course),
        follows=course is not None and bool(course.protocol_version.aftercare.strip()),
        today=today,
        own=own,
    )


def leaflet_of_protocol(version: ProtocolVersion, species: Species, *, today: date) -> Leaflet:
    """Give the leaflet of anybody of a species who is treated by a protocol, in the language of the moment. At most
    three SQL statements, for a version read with everything.
    """
    return _leaflet(
        version.clinic,
        species,
        str(version.protocol),
        plan=_plan_of_protocol(version),
        advice=[advice_for(version.aftercare, species.code)],
        follows=bool(version.aftercare.strip()),
        today=today,
    )


def _leaflet(
    clinic: Clinic,
    species: Species,
    name: str,
    *,
    site: Site | None = None,
    plan: Iterable[str],
    advice: Iterable[str],
    follows: bool,
    today: date,
    own: str | None = None,
) -> Leaflet:
    """Put a leaflet together. What is advised takes the place of what is shipped for afterwards where it `follows` a
    protocol that says something of its own; of the rest, wherever it is spoken of.
    """
    language = (get_language() or "en").split("-")[0]
    shipped = [one for one in shipped_advice() if species.code in one.species]
    known, unknown = parted("\n".join(dict.fromkeys(advice)))
    rests = any(one.is_rest for one in known) or bool(unknown)  # else nobody said anything: the species' own stand
    said = [one for one in shipped if one.moment != "after" or one in known or not (follows or (one.is_rest and rests))]
    sections = {moment: [sentence(one, language) for one in said if one.moment == moment] for moment in MOMENTS}
    sections["after"] += unknown
    paper = paper_of(clinic)
    reader = LeafletReader.ANIMALS if species.is_animal else LeafletReader.PEOPLE
    return Leaflet(
        clinic=letterhead(clinic, site, paper),
        name=name,
        species=str(species),
        printed_on=today,
        sections=(
            ("leaflet_plan", tuple(plan)),
            *((f"leaflet_{moment}", tuple(sections[moment])) for moment in MOMENTS),
        ),
        own=own_texts(clinic).get((reader, language), "") if own is None else own,
        language=language,
        paper=paper_size(clinic, paper),
    )


def leaflet_words() -> Words:
    return {key: _(text) for key, text in LEAFLET_WORDS.items()}


def _advice(patient: Patient, course: Course | None) -> Iterable[str]:
    """Give what the course advises; for a patient what the running courses do, lest two leaflets contradict each other."""
    species = patient.species.code
    if course is not None:
        return [advice_for(course.protocol_version.aftercare, species)]
    if patient.pk is None or not rest_of(species):
        return []
    running = Course.objects.filter(patient__in=file_ids(patient), status__in=OPEN_COURSES)
    advised = running.order_by("pk").values_list("protocol_version__aftercare", flat=True)
    return [advice_for(one, species) for one in dict.fromkeys(advised)]


def _plan(course: Course | None) -> Iterable[str]:
    """Say what the course is for and its rhythm, in words."""
    if course is None:
        return
    yield f"{course.indication!s} · {course.lead_practitioner.name}"
    yield cadence_words(course.cadence)


def _plan_of_protocol(version: ProtocolVersion) -> Iterable[str]:
    """Say what a protocol is for, where that is not nearly everything, and its rhythm, in words."""
    indications = list(version.indications.all())
    if 0 < len(indications) <= MOST_INDICATIONS:
        yield "; ".join(map(str, indications))
    yield cadence_words(version.cadence)
