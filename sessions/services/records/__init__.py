"""Session records: begun, saved while typed, done, signed, added to."""

from .addenda import add_addendum
from .corrections import Correction
from .drafting import Given, Typed, save_draft
from .finishing import mark_done, undo_done
from .labels import print_labels
from .reactions import report_reaction, update_reaction
from .signing import sign_records
from .starting import discard_record, start_late_record, start_record

__all__ = [
    "Correction",
    "Given",
    "Typed",
    "add_addendum",
    "discard_record",
    "mark_done",
    "print_labels",
    "report_reaction",
    "save_draft",
    "sign_records",
    "start_late_record",
    "start_record",
    "undo_done",
    "update_reaction",
]
