"""What a record asks of consent: one that counts on the day, and that was given knowing what is in the mix."""

from collections.abc import Container, Iterable, Iterator, Mapping

from django.utils.translation import gettext

from patients.models import Consent, Patient
from patients.models.consents import ConsentKind
from patients.services.consents import classes_by
from protocols.dosing import Finding, Level
from protocols.dosing.quantities import gettext_noop
from protocols.models import Category, Substance
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
    patient: Patient,
    content: RecordContent,
    substances: Mapping[int, Substance],
    given: Mapping[str, list[Consent]],
    by_law: Container[str],
) -> Iterator[Finding]:
    """Say which consent is missing, and which was given before a class came into the mix. No SQL statement.

    `given` are the consents that count by their kind, `by_law` the kinds the law asks for.
    """
    for kind in _asked(patient, content, by_law):
        if kind not in given:
            yield Finding(Level.BLOCK, f"consent.{kind}", MISSING[kind])
    mixed = [substances[line.substance_id] for line in content.mix if line.substance_id in substances]
    classes = {category.code: category for one in mixed for category in one.categories.all()}
    if general := given.get(ConsentKind.GENERAL):
        new = new_classes(general, set(classes))
        if new:
            named = sorted((classes[code] for code in new), key=lambda one: (one.position, one.name))
            yield Finding(
                Level.BLOCK,
                "consent.new_class",
                gettext_noop(
                    "Consent of %(day)s was given before this came into the plan: %(classes)s. Have it renewed."
                ),
                {"day": general[0].given_on, "classes": ", ".join(one.name for one in named)},
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
    return _listed(Category.objects.filter(code__in=codes))


def _listed(classes: Iterable[Category]) -> str:
    return ", ".join(gettext(one.name) for one in classes)


def _asked(patient: Patient, content: RecordContent, by_law: Container[str]) -> list[ConsentKind]:
    asked = [ConsentKind.GENERAL]
    if ConsentKind.OFF_LABEL in by_law and not patient.species.is_animal:
        asked.append(ConsentKind.OFF_LABEL)
    if content.is_sedated:
        asked.append(ConsentKind.SEDATION)
    return asked
