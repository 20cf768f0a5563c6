"""Examples of the URLs of calendar feeds for the rights matrix."""

from mesoclinic.core.models import Clinic
from sessions.models import CalendarFeed
from sessions.services import feeds
from tests.factories import make_patient
from tests.web.rights import Row, World


def a_feed(clinic: Clinic) -> CalendarFeed:
    return feeds.make_feed(actor=None, owner=make_patient(clinic))[0]


def patient(world: World) -> dict:
    return {"public_id": world.one(a_feed).patient.public_id}


def feed(world: World) -> dict:
    return patient(world) | {"feed_id": world.one(a_feed).public_id}


ROWS = {
    "sessions:my-calendar": Row(),
    "sessions:make-my-feed": Row(),
    "sessions:revoke-my-feed": Row(),
    "sessions:patient-feeds": Row(patient),
    "sessions:make-patient-feed": Row(patient),
    "sessions:revoke-patient-feed": Row(feed),
}
