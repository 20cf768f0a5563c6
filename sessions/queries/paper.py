"""The clinic's paper: its size, and what stands at its head."""

from mesoclinic.core.models import Clinic, Site
from sessions.models import PaperSettings
from sessions.printing.document import ClinicPart
from sessions.printing.logo import logo_svg

LETTER_COUNTRIES = frozenset({"US", "CA", "MX", "PH", "CO", "CL"})


def paper_of(clinic: Clinic) -> PaperSettings:
    """Return the clinic's own settings, or those that hold unless said. One SQL statement."""
    return PaperSettings.objects.filter(clinic=clinic).first() or PaperSettings(clinic=clinic)


def paper_size(clinic: Clinic, paper: PaperSettings) -> str:
    """Return typst's name of the paper. No SQL statement."""
    return paper.size or ("us-letter" if clinic.country in LETTER_COUNTRIES else "a4")


def letterhead(clinic: Clinic, site: Site | None, paper: PaperSettings) -> ClinicPart:
    """Say whose paper it is: the site's own address and telephone where it has them. No SQL statement.

    Of a paper that is of no one site, the clinic's own; where one is missing, that of its only site: one SQL statement then.
    """
    name = clinic.name if site is None or site.name == clinic.name else f"{clinic.name} · {site.name}"
    if site is None and not (clinic.address and clinic.phone):
        address, phone = _at_the_only_site(clinic)
    else:
        address, phone = (site and site.address) or clinic.address, (site and site.phone) or clinic.phone
    lines = [line.strip() for line in address.splitlines()]
    return ClinicPart(
        name=name,
        address=tuple(line for line in lines if line),
        phone=phone,
        email=clinic.email,
        logo=logo_svg(bytes(paper.logo), clinic.name) if paper.logo else "",
    )


def _at_the_only_site(clinic: Clinic) -> tuple[str, str]:
    sites = list(Site.objects.filter(clinic=clinic, is_active=True)[:2])
    address, phone = (sites[0].address, sites[0].phone) if len(sites) == 1 else ("", "")
    return clinic.address or address, clinic.phone or phone
