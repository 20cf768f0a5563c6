"""Book appointments and change them: the writes behind the calendar, the booking pages and the day list."""

from .attendance import (
    cancel,
    change_kind,
    check_in,
    fulfil,
    fulfil_without_record,
    mark_entered_in_error,
    mark_no_show,
    mark_not_treated,
    start,
    undo_cancel,
    undo_check_in,
    undo_fulfil,
    undo_no_show,
    undo_not_treated,
    undo_start,
)
from .booking import book_appointment, walk_in
from .booking_many import Booking, book_many
from .booking_series import SeriesTime, book_series
from .callers import book_new_caller, walk_in_new_caller
from .coming_early import come_now
from .following import (
    cancel_with_following,
    mark_no_show_with_following,
    mark_not_treated_with_following,
    move_with_following,
)
from .held import (
    Rebooked,
    agree_to_held_round,
    agree_to_held_time,
    decline_held_round,
    decline_held_time,
    hold_time,
    rebook_visits,
)
from .moving import check_move, lock_for, move, move_back, move_many, reschedule
from .offers import accept_offer, expire_offers, hold_again
from .placing import NewTime
from .series import free_planned_session

__all__ = [
    "Booking",
    "NewTime",
    "Rebooked",
    "SeriesTime",
    "accept_offer",
    "agree_to_held_round",
    "agree_to_held_time",
    "book_appointment",
    "book_many",
    "book_new_caller",
    "book_series",
    "cancel",
    "cancel_with_following",
    "change_kind",
    "check_in",
    "check_move",
    "come_now",
    "decline_held_round",
    "decline_held_time",
    "expire_offers",
    "free_planned_session",
    "fulfil",
    "fulfil_without_record",
    "hold_again",
    "hold_time",
    "lock_for",
    "mark_entered_in_error",
    "mark_no_show",
    "mark_no_show_with_following",
    "mark_not_treated",
    "mark_not_treated_with_following",
    "move",
    "move_back",
    "move_many",
    "move_with_following",
    "rebook_visits",
    "reschedule",
    "start",
    "undo_cancel",
    "undo_check_in",
    "undo_fulfil",
    "undo_no_show",
    "undo_not_treated",
    "undo_start",
    "walk_in",
    "walk_in_new_caller",
]
