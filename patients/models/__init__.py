from .consents import Consent, ConsentText
from .flags import Flag
from .parties import Party, PatientParty, Place
from .patients import Identifier, Patient, Weight

__all__ = [
    "Consent",
    "ConsentText",
    "Flag",
    "Identifier",
    "Party",
    "Patient",
    "PatientParty",
    "Place",
    "Weight",
]
