"""What a record asks of consent: one that counts on the day, and that was given knowing what is in the mix."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from django.utils.translation import gettext

from patients.models import Consent, Patient
from patients.models.consents import ConsentKind
from patients.queries import consents
from patients.services.consents import classes_by
from protocols.dosing import Finding, Level, MixSubstance
from protocols.dosing.quantities import gettext_noop
from protocols.models import Category
from sessions.models import Course
from sessions.models.courses import OPEN_COURSES
from sessions.recording import RecordContent

MISSING = {
    ConsentKind.GENERAL: gettext_noop("Nobody's consent to the treatment counts on this day. Have it given."),
    ConsentKind.OFF_LABEL: gettext_noop(
        "The law here asks for a consent to off-label use, and none counts on this day."
    ),
    ConsentKind.SEDATION: gettext_noop("Sedated, and no consent to sedation counts on this day."),
}


def announce() -> None:
    """Tell the patients app what a consent is given to, which knows nothing of courses."""
    classes_by(planned_classes)


def planned_classes(patient: Patient) -> set[str]:
    """Return the classes of the substances in the patient's open courses. One SQL statement."""
    open_courses = Course.objects.filter(patient=patient, status__in=OPEN_COURSES)
    codes = open_courses.values_list("protocol_version__lines__substance__categories__code", flat=True)
    return set(codes.distinct()) - {None}


def consent_findings(
    patient: Patient, content: RecordContent, known: Mapping[int, MixSubstance], on: date
) -> Iterator[Finding]:
    """Say which consent is missing, and which was given before a class came into the mix.

    Five SQL statements, one more where a class is new.
    """
    given = consents.standing_kinds(patient, on)
    for kind in _asked(patient, content):
        if kind not in given:
            yield Finding(Level.BLOCK, f"consent.{kind}", MISSING[kind])
    classes = {
        code for line in content.lines if line.substance_id in known for code in known[line.substance_id].categories
    }
    if general := given.get(ConsentKind.GENERAL):
        new = new_classes(general, classes)
        if new:
            yield Finding(
                Level.BLOCK,
                "consent.new_class",
                gettext_noop(
                    "Consent of %(day)s was given before this came into the plan: %(classes)s. Have it renewed."
                ),
                {"day": general[0].given_on, "classes": class_words(new)},
            )


def new_classes(given: Iterable[Consent], classes: set[str]) -> set[str]:
    """Return the classes no consent knew of. One given when nothing was planned yet names none, and covers all."""
    covered: set[str] = set()
    for consent in given:
        if consent.classes is None:
            return set()
        covered |= set(consent.classes)
    return classes - covered


def class_words(codes: Iterable[str]) -> str:
    """Name classes of substances. One SQL statement."""
    return ", ".join(gettext(name) for name in Category.objects.filter(code__in=codes).values_list("name", flat=True))


def _asked(patient: Patient, content: RecordContent) -> list[ConsentKind]:
    asked = [ConsentKind.GENERAL]
    if ConsentKind.OFF_LABEL in consents.kinds_asked_by_law(patient) and not patient.species.is_animal:
        asked.append(ConsentKind.OFF_LABEL)
    if content.sedation.strip():
        asked.append(ConsentKind.SEDATION)
    return asked
