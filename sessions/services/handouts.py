"""Hand out a report: the paper is made, kept, and written down with whom it went to and why."""

from datetime import datetime
from hashlib import sha256
from typing import Any

from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from mesoclinic.core import audit
from mesoclinic.core.checking import check
from mesoclinic.core.localtime import local_day
from mesoclinic.core.models import User
from mesoclinic.core.refused import Refused
from patients.models import Consent
from sessions.models import Course, ReportHandout, SessionRecord
from sessions.models.handouts import Basis, ReportVariant
from sessions.printing.document import Variant
from sessions.printing.pdf import PrintedPaper
from sessions.queries import records
from sessions.queries.handouts import insurer_consent
from sessions.services.reports import print_report, print_sheet


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
    consent = _consent(course, variant, basis, today)
    said = {"variant": variant, "recipient": recipient, "purpose": purpose, "basis": basis, "language": language}
    handout = _handout(actor, now, clinic=course.clinic, course=course, consent=consent, **said)
    return _keep(
        handout,
        print_report(
            actor=actor,
            course=course,
            variant=Variant(variant),
            language=handout.language,
            to=handout.recipient,
            today=today,
        ),
    )


def hand_out_sheet(
    *,
    actor: User,
    record: SessionRecord,
    recipient: str,
    purpose: str,
    basis: str,
    language: str = "",
    now: datetime | None = None,
) -> ReportHandout:
    """The same of a session that belongs to no course: its sheet to take home. `record` comes from `records.get_or_404`.

    Raises Refused("not-valid" | "no-sheet").
    """
    now = now or timezone.now()
    if record.course_id is not None or record.status == SessionRecord.Status.DRAFT or records.is_withdrawn(record):
        raise Refused("no-sheet", _("Only a session that is done, and belongs to no course, has a sheet of its own."))
    said = {"recipient": recipient, "purpose": purpose, "basis": basis, "language": language}
    handout = _handout(actor, now, clinic=record.clinic, record=record, variant=ReportVariant.SHEET, **said)
    today = local_day(now, records.site_of(record).zone)
    paper = {"language": handout.language, "to": handout.recipient, "today": today}
    return _keep(handout, print_sheet(actor=actor, record=record, **paper))


def _handout(actor: User, now: datetime, *, language: str, recipient: str, purpose: str, **said: Any) -> ReportHandout:
    handout = ReportHandout(
        language=language or translation.get_language() or "en",
        recipient=recipient.strip(),
        purpose=purpose.strip(),
        file_name="-",
        sha256="-",
        by=actor,
        at=now,
        **said,
    )
    check(handout, but=["clinic", "course", "record", "consent", "by", "content"])
    return handout


def _keep(handout: ReportHandout, printed: PrintedPaper) -> ReportHandout:
    handout.content, handout.file_name = printed.pdf, printed.file_name
    handout.sha256 = sha256(printed.pdf).hexdigest()
    about = handout.about
    with transaction.atomic():
        handout.save()
        audit.record(actor=handout.by, verb="report.handed-out", subject=about, patient_id=about.patient_id)
    return handout


def read_handout(*, actor: User, handout: ReportHandout) -> bytes:
    """Give the paper as it was handed out, and note who asked. Raises Refused("pseudonymised")."""
    if not handout.content:
        raise Refused("pseudonymised", _("The paper went when the names were taken out of this file."))
    about = handout.about
    audit.record(actor=actor, verb="report.printed", subject=about, patient_id=about.patient_id)
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
