"""Hand out a report: the paper is made, kept, and written down with whom it went to and why."""

from datetime import datetime
from hashlib import sha256

from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from mesoclinic.core import audit
from mesoclinic.core.checking import check
from mesoclinic.core.localtime import local_day
from mesoclinic.core.models import User
from mesoclinic.core.refused import Refused
from patients.models import Consent
from sessions.models import Course, ReportHandout
from sessions.models.handouts import Basis, ReportVariant
from sessions.printing.document import Variant
from sessions.queries.handouts import insurer_consent
from sessions.services.reports import print_report


def hand_out_report(
    *,
    actor: User,
    course: Course,
    variant: str,
    recipient: str,
    purpose: str,
    basis: str,
    language: str = "",
    now: datetime | None = None,
) -> ReportHandout:
    """Print a report for somebody and keep it with whom it went to. `course` comes from `reports.get_or_404`.

    Typesetting stays outside the transaction. Raises Refused("no-consent" | "not-valid").
    """
    now = now or timezone.now()
    today = local_day(now, course.site.zone)
    language = language or translation.get_language() or "en"
    handout = ReportHandout(
        clinic=course.clinic,
        course=course,
        variant=variant,
        language=language,
        recipient=recipient.strip(),
        purpose=purpose.strip(),
        basis=basis,
        consent=_consent(course, variant, basis, today),
        file_name="-",
        sha256="-",
        by=actor,
        at=now,
    )
    check(handout, but=["clinic", "course", "consent", "by", "content"])
    printed = print_report(
        actor=actor, course=course, variant=Variant(variant), language=language, to=handout.recipient, today=today
    )
    handout.content, handout.file_name = printed.pdf, printed.file_name
    handout.sha256 = sha256(printed.pdf).hexdigest()
    with transaction.atomic():
        handout.save()
        audit.record(actor=actor, verb="report.handed-out", subject=course, patient_id=course.patient_id)
    return handout


def read_handout(*, actor: User, handout: ReportHandout) -> bytes:
    """Give the paper as it was handed out, and note who asked. Raises Refused("pseudonymised")."""
    if not handout.content:
        raise Refused("pseudonymised", _("The paper went when the names were taken out of this file."))
    course = handout.course
    audit.record(actor=actor, verb="report.printed", subject=course, patient_id=course.patient_id)
    return bytes(handout.content)


def _consent(course: Course, variant: str, basis: str, today) -> Consent | None:
    """An insurer's copy goes by consent, and by nothing else."""
    if variant != ReportVariant.INSURER:
        return None
    consent = insurer_consent(course.patient, today)
    if consent is None:
        words = _("No consent to reports to an insurer counts today. Have it given on the patient’s page first.")
        raise Refused("no-consent", words, field="variant")
    if basis != Basis.CONSENT:
        raise Refused("no-consent", _("An insurer is given a report only with consent on file."), field="basis")
    return consent
