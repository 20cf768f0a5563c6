from .consents import Consent, ConsentScan, ConsentSignature, ConsentText
from .flags import Flag
from .merges import Merge
from .parties import Party, PatientParty, Place
from .patients import Identifier, Patient, Weight
from .retention import RetentionRule
from .search import SearchWord

__all__ = [
    "Consent",
    "ConsentScan",
    "ConsentSignature",
    "ConsentText",
    "Flag",
    "Identifier",
    "Merge",
    "Party",
    "Patient",
    "PatientParty",
    "Place",
    "RetentionRule",
    "SearchWord",
    "Weight",
]
