"""The pages of courses, as a practitioner and a receptionist meet them."""

import html
import re
import uuid
from datetime import date, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from mesoclinic.core.models import AuditEvent
from mesoclinic.core.roles import Role
from protocols.models import Substance, Technique
from protocols.services import protocols
from protocols.services.protocols import DraftLine
from sessions.models import Course, Override
from sessions.services import courses, plans
from tests.factories import (
    done_session,
    make_appointment,
    make_clinic,
    make_course,
    make_indication,
    make_patient,
    make_practitioner,
    make_protocol_version,
    make_substance,
    make_user,
    site_of,
)
from tests.protocols.test_cadence_form import posted
from tests.shared import shared
from tests.web.hostile import forms_of

pytestmark = pytest.mark.django_db

MONDAY = date(2026, 3, 2)


@pytest.fixture(autouse=True, scope="module")
def monday_morning():
    with time_machine.travel("2026-03-02T08:00:00+01:00", tick=False):
        yield


@shared
def clinic():
    return make_clinic()


@shared
def doctor(clinic):
    user = make_user(clinic, Role.PRACTITIONER)
    make_practitioner(clinic, name="Dr Ada", user=user)
    return signed_in(user)


@shared
def desk(clinic):
    return signed_in(make_user(clinic, Role.RECEPTION))


def signed_in(user) -> Client:
    browser = Client()
    browser.force_login(user)
    return browser


def page(course, name="course", *args) -> str:
    return reverse(f"sessions:{name}", args=[course.public_id, *args])


def prescribe_url(patient, version, **query) -> str:
    query = {"version": version.public_id, **query} if version else query
    return reverse("sessions:prescribe", args=[patient.public_id], query=query)


def filled(clinic, **changed) -> dict:
    """What the browser sends when the prescription is filled in and nothing of the series is changed."""
    return {
        "token": str(uuid.uuid4()),
        "indication": str(make_indication(clinic).public_id),
        "side": "left",
        "complaint": "it hurts at night",
        "tried_before": "tablets",
        "combined": ["chiropractic", "diet"],
        "combined_other": "swimming",
        "lead_practitioner": str(make_practitioner(clinic).public_id),
        "site": str(site_of(clinic).public_id),
        "start_on": "2026-03-02",
        "cadence-rows-TOTAL_FORMS": "0",
        "cadence-rows-INITIAL_FORMS": "0",
        "cadence-text": "4x1w",
        "cadence-written": "",
        **changed,
    }


# Prescribing


def test_a_practitioner_prescribes_from_the_patient_to_the_plan(clinic, doctor, bells):
    patient = make_patient(clinic, name="Ada Lovelace")
    version = make_protocol_version(clinic, name="Neck pain, weekly")

    chooser = doctor.get(prescribe_url(patient, None))
    form = doctor.get(prescribe_url(patient, version))
    assert "Neck pain, weekly" in chooser.content.decode()
    assert "Ada Lovelace" in form.content.decode()
    assert "No valid consent yet" in form.content.decode()

    lead = make_practitioner(clinic, name="Dr Zed")  # neither the first of the clinic nor who prescribes
    answer = doctor.post(prescribe_url(patient, version), filled(clinic, lead_practitioner=str(lead.public_id)))

    course = Course.objects.get()
    assert answer["Location"] == page(course)
    assert (course.tried_before, course.lead_practitioner) == ("tablets", lead)
    assert (course.side, course.complaint, course.cadence) == ("left", "it hurts at night", "4x1w")
    assert course.combined_with == "Chiropractic, Diet, swimming"


def test_a_form_sent_twice_prescribes_one_course(clinic, doctor):
    patient, version = make_patient(clinic), make_protocol_version(clinic)
    sent = filled(clinic)

    answers = [doctor.post(prescribe_url(patient, version), sent) for _ in range(2)]

    assert Course.objects.count() == 1
    assert answers[0]["Location"] == answers[1]["Location"]


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("start_on", "2026-02-31", "Enter a real date"),
        ("start_on", "9999-12-31", "year between 1900 and 2100"),
        ("start_on", "2026-03-01", "from today on"),
        ("start_on", "2099-01-01", "at most two years ahead"),
        ("indication", "", "Choose one."),
        ("indication", "nonsense", "Choose one from the list"),
        ("indication", "f1d1de47-13eb-4636-9c1b-875c85b95707", "Choose one from the list"),
        ("lead_practitioner", "f1d1de47-13eb-4636-9c1b-875c85b95707", "Choose one from the list"),
        ("site", "\x00", "Choose one from the list"),
        ("side", "upside-down", "Choose one from the list"),
        ("complaint", "x" * 10_000, "at most 500 characters"),
        ("complaint", "a\x00b", "invisible character"),
        ("combined", ["moonlight"], "Choose one from the list"),
        ("cadence-text", "4x", "not finished"),
        ("cadence-text", "", "at least one session"),
        ("token", "nonsense", "valid UUID"),
    ],
)
def test_bad_input_is_said_in_words_and_what_was_typed_stays(clinic, doctor, field, value, words):
    patient, version = make_patient(clinic), make_protocol_version(clinic)

    sent = filled(clinic, **{field: value})

    answer = doctor.post(prescribe_url(patient, version), sent)

    said = answer.content.decode()
    assert answer.status_code == 200
    assert words in beside(said, "" if (field, value) in SAID_ABOVE else field)
    typed = ("complaint", "tried_before", "combined_other", "start_on", "cadence-text", "side", "indication")
    shown = {
        control.name: control.value for form in forms_of(said, answer.request["PATH_INFO"]) for control in form.controls
    }
    known = [name for name in typed if name != field or name in ("complaint", "start_on")]
    assert {name: shown[name].replace("\ufffd", "\x00") for name in known} == {name: sent[name] for name in known}
    assert not Course.objects.exists()


SAID_ABOVE = [("token", "nonsense"), ("cadence-text", "")]  # a hidden field, and a list without a row


def beside(html: str, field: str) -> str:
    """What is said beside a field; without one, in the summary above the form."""
    name = f'id="id_{field}_error"' if field else "data-error-summary"
    assert html.count(name) == 1
    return html.partition(name)[2].partition("</div>")[0]


def test_emoji_are_fine(clinic, doctor):
    patient, version = make_patient(clinic), make_protocol_version(clinic)

    doctor.post(prescribe_url(patient, version), filled(clinic, complaint="aïe 🐴"))

    assert Course.objects.get().complaint == "aïe 🐴"


def test_what_belongs_to_another_clinic_is_not_among_the_choices(clinic, doctor):
    other = make_clinic()
    patient, version = make_patient(clinic), make_protocol_version(clinic)

    for name, foreign in (("indication", make_indication(other)), ("lead_practitioner", make_practitioner(other))):
        doctor.post(prescribe_url(patient, version), filled(clinic, **{name: str(foreign.public_id)}))
    assert doctor.get(prescribe_url(patient, make_protocol_version(other))).status_code == 404
    assert doctor.get(prescribe_url(make_patient(other), version)).status_code == 404
    assert not Course.objects.exists()


def published_anew(version):
    draft = protocols.start_next_version(actor=None, protocol=version.protocol)
    return protocols.publish_version(actor=None, version=draft)


def test_only_the_newest_published_version_is_offered(clinic, doctor):
    patient, version = make_patient(clinic), make_protocol_version(clinic)
    newer = published_anew(version)
    protocols.start_next_version(actor=None, protocol=version.protocol)

    offered = [one for one, _words in doctor.get(prescribe_url(patient, None)).context["versions"]]
    old_address = doctor.get(prescribe_url(patient, version))

    assert offered == [newer]
    assert old_address.context["version"] == newer
    assert "Version 2 of this protocol is published" in old_address.content.decode()


def test_a_page_older_than_the_newest_version_is_refused_in_words_and_shows_the_newest(clinic, doctor):
    patient, version = make_patient(clinic), make_protocol_version(clinic)
    newer = published_anew(version)
    typed = filled(clinic, complaint="since the harvest")

    answer = doctor.post(prescribe_url(patient, version), typed)

    page = answer.content.decode()
    assert "Version 2 of this protocol was published meanwhile" in page
    assert answer.context["version"] == newer
    assert "since the harvest" in page
    assert not Course.objects.exists()
    action = html.unescape(re.search(r'action="(\?version=[^"]*)"', page).group(1))
    doctor.post(reverse("sessions:prescribe", args=[patient.public_id]) + action, typed)
    assert Course.objects.get().protocol_version == newer


def test_a_row_button_keeps_what_was_typed_and_saves_nothing(clinic, doctor):
    patient, version = make_patient(clinic), make_protocol_version(clinic)

    answer = doctor.post(prescribe_url(patient, version), filled(clinic, rows="add", start_on="2026-03-09"))

    said = answer.content.decode()
    assert "it hurts at night" in said
    assert "2026-03-09" in said
    assert not Course.objects.exists()


def test_a_blocked_mix_needs_a_reason_which_is_kept(clinic, doctor):
    withdrawn = make_substance(clinic, "Buflomedil")
    version = make_protocol_version(clinic, lines=[DraftLine(withdrawn, "vasodilator", 1)])
    Substance.objects.filter(pk=withdrawn.pk).update(status="withdrawn", status_reason="deaths")
    patient = make_patient(clinic)

    refused = doctor.post(prescribe_url(patient, version), filled(clinic))
    assert "or say why" in refused.content.decode()
    assert not Course.objects.exists()
    doctor.post(prescribe_url(patient, version), filled(clinic, override_reason="the last vials, agreed"))

    override = Override.objects.filter(course=Course.objects.get()).first()
    assert override.reason == "the last vials, agreed"
    assert "Buflomedil" in override.finding
    assert "the last vials, agreed" in doctor.get(page(Course.objects.get())).content.decode()


def test_from_an_arrived_visit_the_first_session_is_now(clinic, doctor):
    patient, version = make_patient(clinic), make_protocol_version(clinic)
    lead = make_practitioner(clinic)
    now = plans.timezone.now()
    visit = make_appointment(
        clinic, patient=patient, practitioner=lead, starts_at=now + timedelta(hours=2), now=now - timedelta(days=1)
    )
    visit.status = "arrived"
    visit.save(update_fields=["status"])

    shown = doctor.get(prescribe_url(patient, version, appointment=visit.public_id))
    doctor.post(prescribe_url(patient, version, appointment=visit.public_id), filled(clinic))

    assert "Session 1 is now" in shown.content.decode()
    visit.refresh_from_db()
    assert visit.planned_session.course == Course.objects.get()


def test_the_list_of_protocols_narrows_while_typing(clinic, doctor):
    patient = make_patient(clinic)
    make_protocol_version(clinic, name="Neck pain")
    make_protocol_version(clinic, name="Scars")
    make_protocol_version(clinic, name="Horse backs", species=["horse"])

    shown = doctor.get(prescribe_url(patient, None, q="NECK"), headers={"HX-Request": "true"}).content.decode()

    assert "Neck pain" in shown
    assert "Scars" not in shown
    assert "Horse backs" not in doctor.get(prescribe_url(patient, None)).content.decode()
    assert "<html" not in shown


# The plan page


def test_the_plan_page_waits_for_the_worker_and_then_shows_the_plan(clinic, doctor):
    course = make_course(clinic, plan=False)

    waiting = doctor.get(page(course)).content.decode()
    assert "The plan is being made" in waiting
    assert page(course, "course-progress") in waiting
    assert doctor.get(page(course, "course-progress")).status_code == 204
    plans.plan_sessions(course.pk)
    made = doctor.get(page(course, "course-progress")).content.decode()

    assert "The plan is being made" not in made
    assert "Next: session 1" in made


def test_the_phases_are_drawn_as_a_line_with_their_sessions_and_the_review_between_them(clinic, doctor):
    course = make_course(clinic, cadence="2x1w!, 3x2w")
    done_session(course, 1)

    drawn = doctor.get(page(course)).content.decode().split('<ol class="timeline">')[1].split("Sessions")[0]

    phases = drawn.split('class="timeline-phase"')[1:]
    numbers = [re.findall(r'timeline-number">(\d+)<', phase) for phase in phases]
    assert numbers == [["1", "2"], ["3", "4", "5"]]
    assert ["Review first" in phase for phase in phases] == [True, False]
    tones = re.findall(r"timeline-session status-(\w+)", drawn)
    assert [tone == "good" for tone in tones] == [True, False, False, False, False]
    assert re.findall(r'timeline-day">([^<]+)<', phases[0]) == ["2 Mar", "9 Mar"]


def test_a_plan_that_cannot_be_made_says_why_and_stops_asking(clinic, doctor):
    course = make_course(clinic, plan=False)
    Course.objects.filter(pk=course.pk).update(plan_problem="no open day within a year")

    shown = doctor.get(page(course)).content.decode()

    assert "no open day within a year" in shown
    assert "every 2s" not in shown


def test_a_phase_begins_with_a_capital_in_the_line_and_in_the_table(clinic, doctor):
    course = make_course(clinic, cadence="1x, *x4-6w")

    shown = doctor.get(page(course)).content.decode()

    assert '<span class="timeline-phase-label">Sessions' in shown
    assert '<span class="timeline-phase-label">sessions' not in shown


def test_opening_a_course_is_noted_once(clinic, doctor):
    course = make_course(clinic)

    doctor.get(page(course))
    doctor.get(page(course, "course-progress"))

    assert AuditEvent.objects.filter(verb="course.opened", patient_id=course.patient_id).count() == 1


def test_reception_sees_the_plan_but_no_mix_and_no_buttons(clinic, desk, doctor):
    substance = make_substance(clinic, "Procaine")
    course = make_course(
        clinic, protocol_version=make_protocol_version(clinic, lines=[DraftLine(substance, "base", 2)])
    )

    seen = desk.get(page(course)).content.decode()

    assert "The series" in seen
    assert "Procaine" not in seen
    assert "Pause" not in seen
    assert "Procaine" in doctor.get(page(course)).content.decode()


def test_a_review_is_recorded_on_the_plan_page(clinic, doctor):
    course = make_course(clinic, cadence="1x!, 3x1w")
    done_session(course)
    shown = doctor.get(page(course)).content.decode()
    assert "Review after session 1" in shown

    empty = doctor.post(page(course, "record-review", 1), {"note": "keeps"})
    assert empty.status_code == 422
    assert "keeps" in empty.content.decode()
    doctor.post(page(course, "record-review", 1), {"decision": "continue", "note": "better"})

    assert "Review after session" not in doctor.get(page(course)).content.decode()
    assert not course.planned_sessions.filter(is_held=True).exists()


def test_a_review_that_asks_for_a_change_leads_to_the_new_cadence(clinic, doctor):
    course = make_course(clinic, cadence="1x!, 3x1w")
    done_session(course)

    answer = doctor.post(page(course, "record-review", 1), {"decision": "change"})

    assert answer["Location"] == page(course, "change-cadence")


def test_a_new_cadence_starts_from_what_is_left_of_the_old_one(clinic, doctor):
    course = make_course(clinic, cadence="2x1w@30!, 4x2w, *x4w")
    done_session(course)
    done_session(course)

    shown = doctor.get(page(course, "change-cadence"))

    assert str(shown.context["cadence_form"].text["text"].value()) == "4x2w@30, *x4w"
    rows = doctor.post(reverse("protocols:cadence-rows"), posted({"count": 2, "gap": 1}, course=str(course.public_id)))
    for one in (shown, rows):
        assert "If it begins on" not in one.content.decode()


@pytest.mark.parametrize(("cadence", "offers"), [("2x1w, 4x2w", True), ("2x1w, *x4w", False)])
def test_only_a_series_with_an_end_is_offered_more_sessions(clinic, doctor, cadence, offers):
    course = make_course(clinic, cadence=cadence)

    assert (page(course, "extend-course") in doctor.get(page(course)).content.decode()) is offers


def test_a_mix_left_to_the_practitioner_is_not_called_dry(clinic, doctor):
    technique = Technique.objects.create(clinic=clinic, code="dry", name="Dry", needs_mix=False)
    version = make_protocol_version(clinic, lines=[], technique=technique)
    patient = make_patient(clinic)

    dry = doctor.get(prescribe_url(patient, version)).content.decode()
    Technique.objects.filter(pk=technique.pk).update(needs_mix=True)
    open_mix = doctor.get(prescribe_url(patient, version)).content.decode()

    assert "the practitioner decides at each session" in open_mix
    assert "dry needling" not in open_mix
    assert "Nothing is injected: dry needling" in dry


@pytest.mark.parametrize("after", [0, 2, 999, 10**30])
def test_a_review_of_nothing_is_refused_in_words(clinic, doctor, after):
    course = make_course(clinic, cadence="1x!, 3x1w")
    done_session(course)

    answer = doctor.post(page(course, "record-review", after), {"decision": "continue"})

    assert answer.status_code == 422
    assert "There is no review after session" in answer.content.decode()


def test_every_action_works_as_a_plain_form(clinic, doctor):
    course = make_course(clinic, cadence="2x1w, 3x2w")

    def act(name, *args, **sent):
        if name not in ("resume-course", "unskip-session"):
            assert doctor.get(page(course, name, *args)).status_code == 200
        answer = doctor.post(page(course, name, *args), sent)
        assert answer.status_code == 302, answer.content.decode()
        course.refresh_from_db()

    act("skip-session", 2, reason="holiday")
    assert course.planned_sessions.get(number=2).status == "skipped"
    act("unskip-session", 2)
    act("pause-course", reason="abroad")
    assert course.status == "paused"
    act("resume-course")
    act("step-back", reason="worse")
    act("restart-course", reason="again", start_on="2026-03-16")
    assert course.revisions.last().start_on == date(2026, 3, 16)
    act(
        "change-cadence",
        **{
            "reason": "milder",
            "cadence-text": "2x3w",
            "cadence-written": "",
            "cadence-rows-TOTAL_FORMS": "0",
            "cadence-rows-INITIAL_FORMS": "0",
        },
    )
    assert course.cadence == "2x3w"
    act("stop-course", reason="moved away")
    assert course.status == "stopped"
    told = doctor.get(page(course)).content.decode()
    for words in ("Prescribed", "Paused", "Resumed", "One phase back", "Restarted", "Cadence changed", "Stopped"):
        assert words in told


@pytest.mark.parametrize("name", ["pause-course", "stop-course", "step-back", "restart-course"])
def test_an_action_without_a_reason_is_refused_in_words(clinic, doctor, name):
    course = make_course(clinic)

    answer = doctor.post(page(course, name), {"reason": "  ", "start_on": "2026-03-02"})

    assert answer.status_code == 200
    assert "Please fill this in." in answer.content.decode()
    course.refresh_from_db()
    assert course.status == "active"


def test_stopping_asks_which_visits_to_cancel_and_why_so_early(clinic, doctor):
    version = make_protocol_version(clinic, minimum_sessions=4)
    course = make_course(clinic, protocol_version=version)
    now = plans.timezone.now()
    visit = make_appointment(
        clinic,
        patient=course.patient,
        practitioner=course.lead_practitioner,
        starts_at=now + timedelta(hours=2),
        planned_session=course.planned_sessions.get(number=1),
        now=now,
    )
    asked = doctor.get(page(course, "stop-course")).content.decode()
    assert "Sessions the protocol asks for: at least 4. Done so far: 0. Say why it ends earlier." in asked
    assert str(visit.public_id) in asked

    doctor.post(page(course, "stop-course"), {"reason": "moved away", "visits": [str(visit.public_id)]})

    visit.refresh_from_db()
    assert visit.status == "cancelled"


# The list


def test_the_list_shows_open_courses_and_filters(clinic, desk):
    doctor = make_user(clinic, Role.PRACTITIONER)
    going, stopped = make_course(clinic), make_course(clinic)
    courses.stop_course(actor=doctor, course=stopped, reason="moved away")
    address = reverse("sessions:courses")

    shown = desk.get(address).content.decode()
    everything = desk.get(address, {"status": ""}).content.decode()
    of_one = desk.get(address, {"practitioner": going.lead_practitioner.public_id, "sort": "-patient"}).content.decode()

    assert str(going.public_id) in shown
    assert str(stopped.public_id) not in shown
    assert str(stopped.public_id) in everything
    assert str(going.public_id) in of_one


@pytest.mark.parametrize(
    "query", [{"page": "x"}, {"sort": "'"}, {"status": "?"}, {"practitioner": "1"}, {"page": 10**9}]
)
def test_nonsense_in_the_address_of_the_list_is_no_error(clinic, desk, query):
    make_course(clinic)

    assert desk.get(reverse("sessions:courses"), query).status_code == 200


def test_the_list_needs_as_many_statements_for_many_courses_as_for_few(clinic, desk):
    lead = make_practitioner(clinic)

    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert desk.get(reverse("sessions:courses")).status_code == 200
        return len(queries)

    for _ in range(2):
        make_course(clinic, practitioner=lead)
    statements()  # the first one also notes that the user was seen
    few = statements()
    for _ in range(10):
        make_course(clinic, practitioner=lead)

    assert statements() == few


def test_the_plan_page_needs_as_many_statements_for_a_long_course_as_for_a_short_one(clinic, doctor):
    def statements(course) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert doctor.get(page(course)).status_code == 200
        return len(queries)

    statements(make_course(clinic, cadence="2x1w"))
    short = statements(make_course(clinic, cadence="2x1w"))

    assert statements(make_course(clinic, cadence="30x1w")) == short


def test_session_that_took_place_without_a_visit_is_recorded_from_the_plan(clinic, doctor, desk):
    course = make_course(clinic, cadence="4x1w")
    first, second = course.planned_sessions.order_by("number")[:2]
    late, too_soon = (reverse("sessions:record-late", args=[row.public_id]) for row in (first, second))

    assert late in doctor.get(page(course)).content.decode()
    assert too_soon not in doctor.get(page(course)).content.decode(), "only the next session can have taken place"
    assert late not in desk.get(page(course)).content.decode()

    answer = doctor.post(late)

    assert answer.status_code == 302
    assert doctor.get(answer.url).status_code == 200
