"""Who received a lot, among as many administrations as a chain of clinics gives in years."""

from datetime import timedelta
from types import SimpleNamespace

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from protocols.models import Recall
from sessions.models import Administration, SessionRecord
from sessions.queries.recalls import find, recall_sheet
from tests.bench import raw
from tests.bench.timing import Times, repeated
from tests.bench.world import make_world, more_patients
from tests.factories import make_course, make_lot, make_substance

LINES_A_RECORD = 4
TYPED = 10  # one in so many of those who received the lot has its number typed by hand


def lots_given(count: int = 100_000, *, received: int = 500, world: SimpleNamespace | None = None) -> SimpleNamespace:
    """Give `count` administrations in a clinic, a new one unless a world is given; `received` of them of one lot."""
    world = world or make_world(practitioners=1, patients=1)
    substance = make_substance(world.clinic)
    world.lot = make_lot(world.clinic, substance, number="RC 4711", manufacturer="Arvensis", site=world.site)
    other = make_lot(world.clinic, substance, number="RC 4712", manufacturer="Arvensis", site=world.site)
    patients = more_patients(world, max(received, 1000))
    course = make_course(
        world.clinic, patient=world.patient, protocol_version=world.version, practitioner=world.people[0]
    )
    now = timezone.now()
    example = SessionRecord.objects.create(
        clinic=world.clinic, patient=world.patient, course=course, performed_by=world.people[0]
    )
    records = raw.clones(
        example,
        count // LINES_A_RECORD,
        lambda n: {
            "patient_id": patients[n % len(patients)],
            "performed_at": now - timedelta(hours=n % 17_000),
            "status": "done",
        },
    )
    step = max(1, count // received)
    line = Administration(
        substance=substance, role="add_in", prepared_ml=2, given_ml=2, lot=other, lot_number="RC 4712"
    )
    raw.clones(line, count, lambda n: {"record_id": records[n // LINES_A_RECORD], **_line(n, step, world.lot)})
    raw.analyze()
    world.administrations, world.received = count, len(range(0, count, step))
    return world


def _line(number: int, step: int, lot) -> dict:
    own = {"position": number % LINES_A_RECORD + 1}
    if number % step:
        return own
    is_typed = number // step % TYPED == 0
    return own | {"lot_id": None if is_typed else lot.pk, "lot_number": "rc4711" if is_typed else lot.number}


def recall_found(world: SimpleNamespace, *, count: int = 7) -> list[Times]:
    """The search before a recall, the whole sheet of one, and its page as a browser gets it."""
    recall = Recall.objects.create(clinic=world.clinic, number="RC4711", reason="Bench")
    recall.lots.add(world.lot)
    client = Client()
    client.force_login(world.user)
    url = reverse("sessions:recall", args=[recall.public_id])
    today = timezone.localdate()
    among = f"among {world.administrations:,} administrations, {world.received} of the lot"
    aims = {"aim_p50_ms": 500, "aim_p95_ms": 1000}

    def whole(sheet) -> bool:
        return sum(len(one.lines) for one in sheet.sessions) == world.received

    return [
        repeated(f"find a lot {among}", lambda _n: find(world.clinic, "rc 4711"), count, whole, **aims),
        repeated(f"recall: people and sessions {among}", lambda _n: recall_sheet(recall, today), count, whole, **aims),
        repeated(
            f"recall: the page {among}",
            lambda _n: client.get(url),
            count,
            lambda answer: answer.context["sheet"].people and whole(answer.context["sheet"]),
            **aims,
        ),
    ]
