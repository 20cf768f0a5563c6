"""All records of a round on one page: begun together, saved each for itself, typed in later as late entries."""

from datetime import timedelta
from decimal import Decimal
from html import unescape

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from mesoclinic.core.models import AuditEvent
from mesoclinic.core.refused import Refused
from mesoclinic.core.roles import Role
from sessions.models import PlannedSession, Practitioner, SessionRecord
from sessions.queries.records import content
from sessions.recording import LineGiven
from sessions.services import records, rounds
from sessions.services.records import Typed
from tests.factories import make_substance, make_user
from tests.sessions.booking_world import at
from tests.sessions.record_world import filled
from tests.sessions.round_world import book_round, open_stable
from tests.shared import shared

pytestmark = pytest.mark.django_db
DAY = at("09:00", 1)


@shared
def world():
    world = open_stable()
    world.vet_user = make_user(world.clinic, Role.PRACTITIONER)
    Practitioner.objects.filter(pk=world.vet.pk).update(user=world.vet_user)
    world.round = book_round(world)
    return world


@pytest.fixture
def browser(world):
    browser = Client()
    browser.force_login(world.vet_user)
    return browser


def begin(world, now=DAY):
    return rounds.start_round_records(actor=world.vet_user, round=world.round, now=now)


def url(name, row):
    return reverse(f"sessions:{name}", args=[row.public_id])


def reasons(browser, record, sent):
    """A reason for each finding in red."""
    html = browser.post(url("record-check", record), sent).content.decode()
    keys = [unescape(part.split('"')[0]) for part in html.split('name="override_key" value="')[1:]]
    return {"override_key": keys, "override_reason": ["Looked at" for _ in keys]}


def visits(world):
    return list(world.round.visits.order_by("starts_at"))


def test_the_records_of_a_round_begin_together_once_and_in_its_order(world):
    made = begin(world)

    assert [record.patient.name for record in made] == ["Amber", "Bijou", "Corsair"]
    assert begin(world) == []
    assert SessionRecord.objects.count() == 3


def test_a_round_of_another_day_begins_no_record(world):
    with pytest.raises(Refused) as refused:
        begin(world, now=DAY - timedelta(days=1))
    assert refused.value.code == "not-yet"
    assert not SessionRecord.objects.exists()


def test_one_page_holds_a_form_for_each_and_every_id_on_it_is_there_once(world, browser):
    begin(world)
    with time_machine.travel(DAY, tick=False):
        html = browser.get(url("round-records", world.round)).content.decode()

    assert html.count("data-record\n") == 3
    ids = [part.split('"')[0] for part in html.split(' id="')[1:] if "__prefix__" not in part.split('"')[0]]
    assert sorted(ids) == sorted(set(ids))
    opened = AuditEvent.objects.filter(verb="record.opened").values_list("patient_id", flat=True)
    assert sorted(opened) == sorted(visit.patient_id for visit in visits(world))


def test_a_record_of_the_round_is_done_without_leaving_the_page(world, browser):
    record = begin(world)[0]
    sent = {
        "lines-TOTAL_FORMS": "0",
        "lines-INITIAL_FORMS": "0",
        "sites-TOTAL_FORMS": "0",
        "sites-INITIAL_FORMS": "0",
        "reactions-TOTAL_FORMS": "0",
        "reactions-INITIAL_FORMS": "0",
        "edit_count": record.edit_count,
        "is_dry": "on",
        "performed_by": world.vet.pk,
    }
    with time_machine.travel(DAY + timedelta(hours=2), tick=False):
        quiet = {"headers": {"X-Autosave": "1"}}
        asked = browser.post(url("record-done", record), sent, **quiet).json()
        assert asked["done"] is False
        assert asked["errors"].keys() == {"checklist_clear"}
        sent |= {"checklist_clear": "on", "waited_seconds": "1800", **reasons(browser, record, sent)}
        answer = browser.post(url("record-done", record), sent, **quiet).json()
        again = browser.post(url("record-done", record), sent, **quiet).json()

    assert answer == again == {"done": True}
    record.refresh_from_db()
    assert record.performed_at == DAY + timedelta(hours=1, minutes=30)  # when it was tapped, not when it arrived


def test_the_sheet_of_a_round_typed_in_later_is_a_late_entry_of_its_day(world, browser):
    later = DAY + timedelta(days=2)
    with time_machine.travel(later, tick=False):
        browser.post(url("start-round-records", world.round))
        html = browser.get(url("round-records", world.round)).content.decode()
        assert "late entry" in html
        start = visits(world)[0].starts_at.astimezone(world.site.zone)
        assert f'value="{start:%Y-%m-%dT%H:%M}"' in html  # the time of the visit stands there already


def test_one_that_was_not_caught_leaves_the_page_and_its_session_is_due_again(world, browser):
    begin(world)
    visit = visits(world)[1]
    with time_machine.travel(DAY, tick=False):
        browser.post(url("leave-out-of-round", visit), {"reason": "Not caught"})

    visit.refresh_from_db()
    assert (visit.status, visit.status_reason) == ("not_treated", "Not caught")
    assert not SessionRecord.objects.filter(appointment=visit).exists()
    assert world.planned["Bijou"].status != PlannedSession.Status.DONE
    with pytest.raises(Refused):
        rounds.leave_out_of_round(actor=world.vet_user, visit=visits(world)[0], reason=" ", now=DAY)
    assert SessionRecord.objects.filter(appointment=visits(world)[0]).exists()  # refused: its draft is still there


def test_a_horse_that_was_sedated_leaves_the_page_of_its_round_whole(world, browser):
    """What sedates is beside the mix and not taken over by the next horse; horses are the ones that are sedated."""
    first = begin(world)[0]
    sedative = make_substance(world.clinic, "Detomidine", species=("horse",))
    half = {"prepared_ml": Decimal("0.5"), "given_ml": Decimal("0.5")}
    lines = (LineGiven(sedative.pk, "sedation", **half), *content(first).lines)
    typed = Typed(raw={}, content=filled(first, lines=lines), edit_count=first.edit_count)
    records.save_draft(actor=world.vet_user, record=first, typed=typed)
    SessionRecord.objects.filter(pk=first.pk).update(status="done", performed_at=DAY, performed_by=world.vet)

    with time_machine.travel(DAY, tick=False):
        page = browser.get(url("round-records", world.round))

    [values] = [row["values"] for row in page.context["stops"] if "values" in row]
    assert "sedation" not in {line["role"] for line in values["lines"]}
    assert len(values["lines"]) == len(lines) - 1
