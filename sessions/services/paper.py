"""Say what a clinic's paper is like: its size, its logo."""

from django.db import transaction
from django.utils.translation import gettext as _

from mesoclinic.core import audit
from mesoclinic.core.checking import check
from mesoclinic.core.models import Clinic, User
from mesoclinic.core.refused import Refused
from patients.scans import JPEG, PNG, kind_of
from sessions.models import PaperSettings
from sessions.printing.logo import MOST_BYTES, MOST_SIDE, logo_size, logo_svg
from sessions.printing.pdf import prints


@transaction.atomic
def set_paper(
    *, actor: User, clinic: Clinic, size: str, logo: bytes | None = None, without_logo: bool = False
) -> PaperSettings:
    """Keep the size and, where one is given, the logo. Raises Refused("too-large" | "not-a-logo" | "not-valid")."""
    Clinic.objects.select_for_update().get(pk=clinic.pk)
    paper = PaperSettings.objects.filter(clinic=clinic).first() or PaperSettings(clinic=clinic)
    paper.size = size
    if without_logo:
        paper.logo = None
    if logo is not None:
        _refuse_bad(logo)
        paper.logo = logo
    check(paper, but=["clinic", "logo"])
    paper.save()
    audit.record(actor=actor, verb="clinic.paper-set", subject=clinic, clinic=clinic)
    return paper


def _refuse_bad(logo: bytes) -> None:
    if len(logo) > MOST_BYTES:
        raise Refused("too-large", _("This file is larger than 1 MB. Save the logo smaller."), field="logo")
    size = logo_size(logo) if kind_of(logo) in (PNG, JPEG) else None
    if size is not None and max(size) > MOST_SIDE:
        raise Refused("too-large", _("This picture has more than 4000 dots on a side. Save it smaller."), field="logo")
    if size is None or min(size) < 1 or not prints(logo_svg(logo, "-")):
        words = _(
            "This is no whole PNG or JPEG, whatever its name says. Drawings such as SVG are not taken: save it as PNG."
        )
        raise Refused("not-a-logo", words, field="logo")
