"""A repeat session on a tablet, with one thumb: from Today to Done in at most ten taps and thirty seconds."""

import re
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from playwright.sync_api import Locator, Page, expect

from mesoclinic.core.localtime import local_day
from protocols.models import ProtocolVersion
from sessions.models import PlannedSession, SessionRecord
from sessions.queries import records as reads
from sessions.recording import LineGiven, SiteTreated
from sessions.services import appointments, records
from sessions.services.records import Typed
from tests.browser.clinic import open_clinic, stock
from tests.browser.looking import TABLET
from tests.factories import make_appointment, make_consent, make_course, make_patient

MOST_TAPS, MOST_SECONDS = 10, 30


@pytest.fixture
def world(transactional_db):
    """Ida Roux had session 1 a week ago and is here for session 2."""
    world = open_clinic()
    stock(world.clinic, "Lidocaine", "Lysine acetylsalicylate", "Saline 0.9 %")
    version = ProtocolVersion.objects.get(protocol__clinic=world.clinic, protocol__code="chronic-spinal-pain-5")
    patient = make_patient(world.clinic, name="Ida Roux")
    make_consent(patient)
    now = datetime.now(UTC)
    past = now - timedelta(days=7)
    make_course(
        world.clinic,
        cadence="5x1w",
        start_on=local_day(past, world.site.zone),
        patient=patient,
        protocol_version=version,
        practitioner=world.doctor,
        indication=version.indications.first(),
        now=past - timedelta(days=1),
    )
    for number, at in ((1, past), (2, now + timedelta(minutes=5))):
        visit = make_appointment(
            world.clinic,
            patient=patient,
            practitioner=world.doctor,
            room=world.room,
            starts_at=at.replace(second=0, microsecond=0),
            planned_session=PlannedSession.objects.get(course__patient=patient, number=number),
            now=past - timedelta(days=1),
        )
        if number == 1:
            _first_session(world, visit, past)
        else:
            appointments.check_in(actor=world.desk, appointment=visit)
    return world


def _first_session(world, visit, at: datetime) -> None:
    record = records.start_record(actor=world.doctor_user, appointment=visit, now=at)
    content = reads.content(record)
    lines = record.draft.get("lines") or []
    substances = [int(line["substance"]) for line in lines] or [line.substance_id for line in content.lines]
    given = tuple(
        LineGiven(
            substance_id=pk, role="base" if number == 0 else "add_in", prepared_ml=Decimal(1), given_ml=Decimal(1)
        )
        for number, pk in enumerate(substances[:2])
    )
    points = tuple(("back", 140 - n, 240) for n in range(10))
    content = replace(
        content,
        checklist={"clear": True, "yes": [], "note": "", "asked": []},
        lines=given,
        shots=10,
        sites=(SiteTreated("Lower back", "left", points=10, volume_per_point_ml=Decimal("0.2"), map_points=points),),
    )
    record.refresh_from_db()
    typed = Typed(raw={}, content=content, edit_count=record.edit_count)
    records.mark_done(
        actor=world.doctor_user, record=record, performed_at=at, performed_by=world.doctor, typed=typed, now=at
    )


class Thumb:
    """Taps, and counts them; what is not in sight is scrolled to, as a thumb would."""

    def __init__(self, page: Page) -> None:
        self.page, self.taps = page, 0

    def tap(self, target: Locator) -> None:
        self.taps += 1
        target.scroll_into_view_if_needed()
        box = target.bounding_box()
        assert box["height"] >= 44, f"too small for a thumb: {box}"
        target.tap()


def step(page: Page, section: str, number: str) -> Locator:
    steps = page.get_by_role("region", name=section).get_by_role("group", name=re.compile("Pain, 0 to 10"))
    return steps.locator(".step").filter(has_text=re.compile(rf"^\s*{number}\s*$"))


def test_a_repeat_session_takes_at_most_ten_taps_and_thirty_seconds(look, world):
    looker = look(world.doctor_user, time_zone=world.zone, size=TABLET)
    page = looker.go("/")
    thumb = Thumb(page)
    looker.see("ten-1-today")
    begun = time.monotonic()

    thumb.tap(page.get_by_role("link", name="Record", exact=True).first)
    thumb.tap(page.get_by_role("button", name="Begin the record"))
    thumb.tap(page.locator(".big-tick", has_text="Nothing has changed"))
    thumb.tap(step(page, "How it is before", "4"))
    thumb.tap(page.get_by_role("button", name="3 days"))
    thumb.tap(page.get_by_role("button", name="Points of last time"))
    thumb.tap(step(page, "How it is after", "2"))
    thumb.tap(page.get_by_role("button", name="45 s"))
    thumb.tap(page.get_by_role("button", name="Done"))
    expect(page.get_by_text("Not signed yet")).to_be_visible()
    seconds = time.monotonic() - begun

    assert thumb.taps <= MOST_TAPS
    assert seconds <= MOST_SECONDS
    looker.see("ten-2-done")
    record = SessionRecord.objects.get(planned_session__number=2)
    content = reads.content(record)
    assert [(line.given_ml, bool(line.lot_number)) for line in content.lines] == [(Decimal(1), True)] * 2
    assert len(content.sites[0].map_points) == 10
    assert (content.shots, content.sites[0].points) == (None, 10)
    assert (content.effect_duration, content.effect_unit) == (Decimal(3), "days")
    assert content.relief_seconds == 45
    assert [(score.moment, score.value) for score in content.scores] == [("before", 4), ("after", 2)]
