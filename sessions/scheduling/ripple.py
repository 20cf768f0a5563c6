"""What follows when one session of a course is moved, cancelled, left out or missed: three futures to choose from.

Pure: frozen values in and out, days local to the site, and no clock.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date

from sessions.scheduling.planning import SessionState


def booked_instead(states: Iterable[SessionState], booked_on: Mapping[int, date | None]) -> list[SessionState]:
    """Give the states as they would be with other bookings; None means not booked. Others stay as they are."""
    return [replace(one, booked_on=booked_on.get(one.number, one.booked_on)) for one in states]
