"""P2: propose a series of fifteen with its queries, against the engine alone on agendas already in memory."""

from datetime import datetime, time
from types import SimpleNamespace
from unittest.mock import patch

from sessions.models import BookingPreference
from sessions.queries import proposals
from sessions.queries.proposals import Found, find_series
from sessions.scheduling.hours import days_between
from sessions.scheduling.openings import find_openings
from sessions.scheduling.series import Proposal, propose
from tests.bench import raw
from tests.bench.timing import Ratio, Timed, interleaved
from tests.bench.world import fill, make_world, next_monday, workdays
from tests.factories import make_course

CADENCE = "4x1w@20, 4x2w@20, 7x4w@20"
LASTS_DAYS = 300


def busy_clinic(*, practitioners: int = 4, visits_a_day: int = 12) -> SimpleNamespace:
    """Four practitioners half booked for ten months: about 10,000 visits."""
    world = make_world(practitioners=practitioners, patients=400)
    world.first = next_monday()
    world.count = fill(world, list(workdays(world.first, LASTS_DAYS)), visits_a_day)
    world.now = datetime.combine(world.first, time(7), tzinfo=world.site.zone)
    world.course = make_course(
        world.clinic,
        cadence=CADENCE,
        patient=world.patient,
        protocol_version=world.version,
        practitioner=world.people[0],
        indication=world.indication,
        actor=world.user,
        now=world.now,
    )
    raw.analyze()
    return world


def propose_series(world: SimpleNamespace, *, rounds: int = 15) -> Ratio:
    """The proposal as the page asks for it against the same answer of the engine, all its agendas in memory."""
    preference = BookingPreference(patient=world.course.patient, clinic=world.clinic)
    near = _near(world, preference)

    def ours(_number: int) -> Timed:
        return lambda: find_series(world.course, preference, now=world.now)

    return interleaved(
        "P2",
        f"propose {len(near.needs)} sessions with its queries / the pure engine on agendas in memory",
        ours,
        lambda _number: lambda: _alone(world, near),
        same=lambda mine, floor: _slots(mine.proposal) == _slots(floor) and floor.is_whole,
        rounds=rounds,
        bound=2.5,
        aim=1.5,
        note=f"{len(world.people)} practitioners, {world.count} visits; the floor searches 3 days before to 7 after "
        "every target, ours the targets first",
    )


def _slots(proposal: Proposal) -> list:
    return [(choice.number, choice.on, choice.slot) for choice in proposal.choices]


def _near(world: SimpleNamespace, preference: BookingPreference) -> Found:
    """What has been read when the targets alone did not do."""
    with patch.object(proposals, "ON_TARGET", proposals.NEAR):
        found = find_series(world.course, preference, now=world.now)
    assert found is not None
    return found


def _alone(world: SimpleNamespace, known: Found) -> Proposal:
    """What the engine does for one proposal: openings from agendas, then the best series among them."""
    needs = [need for need in known.needs if need.stands_on is None]
    openings = find_openings(
        known.facts.time,
        {need.minutes for need in needs},
        {day for need in needs for day in days_between(need.first_on, need.last_on)},
        world.site.zone,
        step_minutes=world.site.slot_step_min,
        not_before=known.facts.first_minute,
    )
    return propose(known.needs, openings, known.facts.wishes, tolerance=known.plan.tolerance)
