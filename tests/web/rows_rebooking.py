"""Examples of the rebooking URLs for the rights matrix."""

from tests.web.rights import Row, World
from tests.web.rows_sessions_appointments import make_visit
from tests.web.rows_sessions_rounds import one as a_round
from tests.web.rows_settings import a_practitioner, an_absence, named


def because_of_an_absence(world: World) -> dict:
    return {"kind": "absence", "public_id": world.one(an_absence).public_id}


ROWS: dict[str, Row] = {
    "sessions:rebook": Row(),
    "sessions:accept-new-times": Row(),
    "sessions:rebook-because": Row(because_of_an_absence),
    "sessions:record-call": Row(named(make_visit)),
    "sessions:record-round-call": Row(a_round),
    "sessions:leaving": Row(named(a_practitioner)),
    "sessions:hand-over-courses": Row(named(a_practitioner)),
    "sessions:end-sign-in": Row(named(a_practitioner)),
}
