"""Import patients from another program's file: uploaded, read and checked by a worker, looked at, then imported by one."""

from .importing import import_rows
from .reading import read_rows
from .taking_back import take_back_import
from .telling_apart import tell_row_apart, undo_tell_row_apart
from .uploading import cancel_import, run_import, take_ends, take_faults, upload_import
from .working import expire, go_on, sweep

__all__ = [
    "cancel_import",
    "expire",
    "go_on",
    "import_rows",
    "read_rows",
    "run_import",
    "sweep",
    "take_back_import",
    "take_ends",
    "take_faults",
    "tell_row_apart",
    "undo_tell_row_apart",
    "upload_import",
]
