"""Rounds: the visits of one practitioner at one stable or home on one day, booked and changed as one."""

from .booking import Stop, add_to_round, book_round
from .changing import cancel_round, close_gaps, move_round, reorder_round, swap_in_round
from .printing import print_round_sheet
from .recording import leave_out_of_round, start_round_records

__all__ = [
    "Stop",
    "add_to_round",
    "book_round",
    "cancel_round",
    "close_gaps",
    "leave_out_of_round",
    "move_round",
    "print_round_sheet",
    "reorder_round",
    "start_round_records",
    "swap_in_round",
]
