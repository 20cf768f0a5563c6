"""The file to fill in: every column by its name in the reader's language, and an example of each kind of patient."""

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from patients.importing.columns import NAMES, label

LEFT_OUT = ("last_name", "first_name")  # the template has the whole name


def heads() -> list[str]:
    return [label(field) for field in NAMES if field not in LEFT_OUT]


def examples() -> list[list[str]]:
    """An invented person and an invented horse, by column."""
    person = {
        "species": pgettext("example", "person"),
        "name": "Colette Exemple",
        "sex": pgettext("example", "female"),
        "birth_on": "1968-03-31",
        "phone": "+33 6 39 98 00 01",
        "email": "colette@example.org",
        "address": "1 rue de la Source",
        "postcode": "35000",
        "city": "Rennes",
        "mrn": "A-1042",
        "weight_kg": "64",
        "allergies": "latex; aspirine",
        "referrer_name": "Dr Camille Modèle",
        "alerts": _("Faints at needles"),
    }
    horse = {
        "species": pgettext("example", "horse"),
        "name": "Exemple",
        "registered_name": "Exemple de la Source",
        "sex": pgettext("example", "mare"),
        "birth_on": "2015-05-02",
        "breed": "Selle français",
        "microchip": "250259600000001",
        "weight_kg": "520",
        "place": "Écurie des Sources",
        "owner_name": "Paul Exemple",
        "owner_phone": "+33 6 39 98 00 02",
        "weight_is_estimated": _("yes"),
        "trainer_name": "Anne Modèle",
    }
    fields = [field for field in NAMES if field not in LEFT_OUT]
    return [[row.get(field, "") for field in fields] for row in (person, horse)]
