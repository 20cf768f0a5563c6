"""How long files are kept where, as far as a source says so. A clinic takes one over or enters its own; none holds by itself.

Source: DOMAIN section 6.2. What is no period of a whole file (the trainer's list of steroids in Pennsylvania) is left out.
"""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class SourcedPeriod:
    """A period of a country. `source` names the text and where it was read."""

    code: str
    country: str
    applies_to: str
    words: str
    keep_years: int
    source: str
    until_birthday: int | None = None
    after_death_years: int | None = None


PERIODS = (
    SourcedPeriod(
        *("fr-hospital", "FR", "people"),
        _("Hospitals: 20 years from the last visit, minors until they are 28, 10 years after death."),
        20,
        "branchetsolutions.fr; macsf.fr; conseil54.ordre.medecin.fr",
        28,
        10,
    ),
    SourcedPeriod(
        *("fr-private", "FR", "people"),
        _("Private doctors: no legal text; the Order of doctors advises at least 20 years."),
        20,
        "macsf.fr; conseil54.ordre.medecin.fr; conseil75.ordre.medecin.fr",
    ),
    SourcedPeriod(
        *("gb-vet-medicines", "GB", "animals"),
        _("Medicines of food animals, horses included: 5 years."),
        5,
        "Veterinary Medicines Regulations 2013, irmswiki.org.uk",
    ),
    SourcedPeriod("us-avma", "US", "animals", _("AVMA: 2 years."), 2, "obermanlaw.com 2012/09"),
    SourcedPeriod("us-ga", "US", "animals", _("Georgia: 3 years."), 3, "obermanlaw.com 2012/09"),
    SourcedPeriod("us-va", "US", "animals", _("Virginia: 3 years."), 3, "18VAC150-20-195"),
    SourcedPeriod("us-tx", "US", "animals", _("Texas: 5 years."), 5, "ucishredding.com"),
    SourcedPeriod(
        "au-tas", "AU", "animals", _("Tasmania, prepared products: 2 years."), 2, "AGVET s41, austlii.edu.au"
    ),
)


def of_country(country: str, applies_to: str) -> list[SourcedPeriod]:
    return [one for one in PERIODS if (one.country, one.applies_to) == (country.upper(), applies_to)]


def by_code(code: str) -> SourcedPeriod | None:
    return next((one for one in PERIODS if one.code == code), None)
