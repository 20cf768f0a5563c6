from .competition import CompetitionRule
from .indications import Indication
from .lots import Lot, StockMovement, StockNotice, Vial
from .protocols import Protocol, ProtocolLine, ProtocolVersion, Technique
from .recalls import Recall
from .rules import MixLimit, MixRule
from .species import Species
from .substances import Category, Incompatibility, Substance

__all__ = [
    "Category",
    "CompetitionRule",
    "Incompatibility",
    "Indication",
    "Lot",
    "MixLimit",
    "MixRule",
    "Protocol",
    "ProtocolLine",
    "ProtocolVersion",
    "Recall",
    "Species",
    "StockMovement",
    "StockNotice",
    "Substance",
    "Technique",
    "Vial",
]
