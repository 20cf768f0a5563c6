from .consents import Consent, ConsentScan, ConsentSignature, ConsentText
from .erasure import ErasureRequest
from .flags import Flag
from .imports import ImportRow, PatientImport
from .merges import Merge
from .parties import Party, PatientParty, Place
from .patients import Identifier, Patient, Weight
from .retention import RetentionRule
from .search import SearchWord
from .told_apart import ToldApart

__all__ = [
    "Consent",
    "ConsentScan",
    "ConsentSignature",
    "ConsentText",
    "ErasureRequest",
    "Flag",
    "Identifier",
    "ImportRow",
    "Merge",
    "Party",
    "Patient",
    "PatientImport",
    "PatientParty",
    "Place",
    "RetentionRule",
    "SearchWord",
    "ToldApart",
    "Weight",
]
