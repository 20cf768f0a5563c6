"""Examples for the matrix of rights: the pages of session records."""

from types import SimpleNamespace

from sessions.models import SessionRecord
from sessions.services import records
from tests.factories import make_consent, make_course, make_patient
from tests.sessions.booking_world import MONDAY
from tests.sessions.record_world import book_session, done, record_world, session, signed, start
from tests.web.rights import Row, World


def make_world(clinic):
    """A course with a session each that is signed, done and open; and two of the same day that begin: a draft, a visit."""
    world = record_world(clinic=clinic, cadence="5x1w")
    world.signed = signed(world)
    world.done = done(world, 2)
    world.open = session(world, 5)
    of_the_loose = _beginning(world)
    make_consent(of_the_loose.patient)
    world.loose = done(of_the_loose, 3)
    SessionRecord.objects.filter(pk=world.loose.pk).update(course=None, planned_session=None)
    of_the_draft, of_the_visit = _beginning(world), _beginning(world)
    world.draft_patient = of_the_draft.patient
    world.draft = start(of_the_draft, book_session(of_the_draft, 1, "11:00"))
    world.waiting = book_session(of_the_visit, 1, "12:00")
    return world


def _beginning(world) -> SimpleNamespace:
    """The same world with another patient, whose course of the same kind begins on the same day."""
    patient = make_patient(world.clinic)
    same = {"protocol_version": world.version, "indication": world.indication, "practitioner": world.doctor}
    course = make_course(world.clinic, patient=patient, start_on=MONDAY, **same)
    return SimpleNamespace(**{**vars(world), "patient": patient, "course": course})


def _named(what: str):
    def kwargs(world: World) -> dict:
        return {"public_id": getattr(world.one(make_world), what).public_id}

    return kwargs


def _reaction(world: World) -> dict:
    made = world.one(make_world)
    event = made.signed.adverse_events.filter(is_late=True).first() or records.report_reaction(
        actor=made.doctor_user, record=made.signed, kind="Lump", severity="mild"
    )
    return {"public_id": made.signed.public_id, "event_id": event.public_id}


ROWS = {
    "sessions:record": Row(_named("waiting")),
    "sessions:record-late": Row(_named("open")),
    "sessions:record-view": Row(_named("done")),
    "sessions:record-edit": Row(_named("draft")),
    "sessions:record-save": Row(_named("draft")),
    "sessions:record-check": Row(_named("draft")),
    "sessions:record-compose": Row(_named("draft")),
    "sessions:record-done": Row(_named("draft")),
    "sessions:record-undo-done": Row(_named("done")),
    "sessions:record-discard": Row(_named("draft")),
    "sessions:records-unsigned": Row(),
    "sessions:records-sign": Row(),
    "sessions:record-label": Row(_named("done")),
    "sessions:hand-out-sheet": Row(_named("loose")),
    "sessions:addendum": Row(_named("signed")),
    "sessions:record-reaction": Row(_named("signed")),
    "sessions:reaction-update": Row(_reaction),
    "sessions:follow-up": Row(_named("signed")),
    "sessions:follow-ups": Row(),
}
