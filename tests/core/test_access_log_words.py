"""Every event the services write is said in words in the access log."""

import ast
import re

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from mesoclinic.core import audit
from mesoclinic.core.models import AuditEvent
from mesoclinic.core.queries.access_log import DONE, NOUNS, about, lines, names
from patients.models import Flag
from patients.services.places import create_place
from sessions.models import CourseRevision
from sessions.models.courses import CourseStatus
from sessions.models.signatures import Addendum
from sessions.queries.access_log_lines import change_words
from tests.factories import make_clinic, make_patient, make_practitioner, make_room

APPS = ("mesoclinic", "patients", "protocols", "sessions")
VERB = re.compile(r"[a-z_]+\.(?!typ$)[a-z-]+")  # a paper's template, consent.typ, is none


def written_verbs() -> set[str]:
    """Every literal that is a verb: given as `verb=`, or standing in a service with a noun of such a one."""
    given, others = set(), set()
    for app in APPS:
        for path in (settings.BASE_DIR / app).rglob("*.py"):
            tree = ast.parse(path.read_text())
            for node in ast.walk(tree):
                if isinstance(node, ast.keyword) and node.arg == "verb" and isinstance(node.value, ast.Constant):
                    given.add(node.value.value)
                elif "services" in path.parts and isinstance(node, ast.Constant) and isinstance(node.value, str):
                    others.add(node.value)
    nouns = {verb.partition(".")[0] for verb in given}
    return given | {text for text in others if VERB.fullmatch(text) and text.partition(".")[0] in nouns}


def made_verbs() -> set[str]:
    """The verbs put together from a state or a kind."""
    return (
        {f"course.{status}" for status in CourseStatus.values}
        | {f"course.{kind.replace('_', '-')}" for kind in CourseRevision.Kind.values}
        | {f"record.{kind.replace('_', '-')}-added" for kind in Addendum.Kind.values}
    )


def test_every_verb_written_has_its_words():
    verbs = written_verbs() | made_verbs()
    assert {"course.prescribed", "appointment.booked", "patient.opened", "record.signed"} <= verbs

    unsaid = {verb for verb in verbs if verb.partition(".")[0] not in NOUNS or verb.partition(".")[2] not in DONE}

    assert sorted(unsaid) == []


@pytest.mark.django_db
def test_a_practitioner_a_room_and_a_place_are_named_by_one_statement_however_many_changed():
    clinic = make_clinic()
    ada, bea = make_practitioner(clinic, name="Dr Ada"), make_practitioner(clinic, name="Dr Bea")
    room, place = make_room(clinic), create_place(actor=None, clinic=clinic, name="Oakfield")
    to_bea = {"practitioner_id": (ada.pk, bea.pk), "room_id": (room.pk, None), "place_id": (None, place.pk)}
    of = {"model": "treatment_sessions.appointment", "id": 1}
    moved = AuditEvent(changes=[{**of, "field": name, "old": old, "new": new} for name, (old, new) in to_bea.items()])

    with CaptureQueriesContext(connection) as asked:
        known = names([moved, moved])

    assert len(asked) == 1
    assert lines(moved, known) == [
        ("practitioner", "Dr Ada", "Dr Bea"),
        ("room", room.name, ""),
        ("place", "", "Oakfield"),
    ]


@pytest.mark.django_db
def test_whom_a_change_of_another_link_is_about_is_not_named():
    of = {"model": "treatment_sessions.appointment", "id": 1, "old": 1, "new": 2}
    event = AuditEvent(changes=[{**of, "field": "patient_id"}, {**of, "field": "site"}])

    assert names([event]) == {}


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (
            {"field": "starts_at", "old": None, "new": "2026-12-18 09:30:00+00:00"},
            ("starts", "", "18 Dec 2026, 10:30"),
        ),
        ({"field": "due_on", "old": "2026-03-02", "new": "2026-03-09"}, ("due", "2 Mar 2026", "9 Mar 2026")),
        ({"field": "practitioner_id", "old": 1, "new": 2}, ("practitioner", "", "")),
        ({"field": "status", "old": "in_progress", "new": "fulfilled"}, ("status", "in progress", "fulfilled")),
        ({"field": "channels", "old": [], "new": ["email", "sms"]}, ("channels", "", "email, sms")),
    ],
)
def test_what_changed_is_told_in_local_time_and_without_keys(change, line):
    with timezone.override("Europe/Paris"):
        assert lines(AuditEvent(changes=[change])) == [line]


APPOINTMENT = {"model": "treatment_sessions.appointment", "id": 1}


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ["Status: booked → arrived", "From: – → 18 Dec 2026, 10:30", "Roles: – → Reception"]),
        ("fr", ["Statut\u00a0: Réservé → Arrivé", "De\u00a0: – → 18 déc. 2026, 10:30", "Rôles\u00a0: – → Accueil"]),
    ],
)
def test_what_changed_is_told_in_the_readers_words_not_in_names_of_columns(language, said):
    changes = [
        {**APPOINTMENT, "field": "status", "old": "booked", "new": "arrived"},
        {**APPOINTMENT, "field": "starts_at", "old": None, "new": "2026-12-18 09:30:00+00:00"},
        {"model": "core.user", "id": 1, "field": "roles", "old": None, "new": ["reception"]},
    ]

    with timezone.override("Europe/Paris"), translation.override(language):
        assert [change_words(*line) for line in lines(AuditEvent(changes=changes))] == said


@pytest.mark.parametrize(
    ("kind", "text", "in_french"),
    [
        ("treatment_sessions.course", "Ada · Rheumatoid arthritis", "Ada · Polyarthrite rhumatoïde"),
        ("treatment_sessions.appointment", "Ada 2026-04-13 10:15", "Ada 13 avr. 2026 10:15"),
        ("patients.patientparty", "Anne (Owner)", "Anne (Propriétaire)"),
        ("patients.patient", "Owner", "Owner"),
    ],
)
def test_what_an_event_is_about_is_told_in_the_readers_words(kind, text, in_french):
    event = AuditEvent(subject_type=kind, subject_text=text)

    with translation.override("fr"):
        assert about(event) == in_french


@pytest.mark.django_db
def test_an_event_is_written_in_one_language_whoever_acts():
    clinic = make_clinic()
    flag = Flag(kind="heart", patient=make_patient(clinic))

    with translation.override("fr"):
        event = audit.event(actor=None, verb="flag.added", subject=flag, clinic=clinic)

    with translation.override("en"):
        assert event.subject_text == str(flag)
