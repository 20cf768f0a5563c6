"""The papers a patient or owner takes along: all that was booked is on them, in their language, and it is written down."""

import io
from datetime import timedelta

import pypdf
import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.formats import date_format

from mesoclinic.core.models import AuditEvent
from mesoclinic.core.refused import Refused
from mesoclinic.core.roles import Role
from mesoclinic.core.services import clinics
from patients.models import Party, Place
from patients.queries.patients import get_or_404
from patients.services import merging
from protocols.words import cadence_words
from sessions.models import Appointment, PlannedSession
from sessions.models.courses import LEFT_OPEN
from sessions.printing.card import CardSize
from sessions.queries import courses
from sessions.services.paper import set_paper
from sessions.services.take_along import print_card, print_leaflet
from tests.factories import make_patient, make_user
from tests.sessions.booking_world import MONDAY, NOW, at, book, open_clinic
from tests.sessions.report_world import LATER, full_world
from tests.shared import shared

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True, scope="module")
def monday_morning():
    with time_machine.travel(NOW, tick=False):
        yield


@shared
def world():
    world = open_clinic(name="Clinique des Deux Rives")
    reached = {"phone": "+33 5 56 00 00 00", "address": "12 quai Saint-Michel"}
    clinics.update_clinic(actor=None, clinic=world.clinic, **reached)
    world.clinic.refresh_from_db()
    clinics.update_site(actor=None, site=world.site, name=world.clinic.name)
    world.patient, world.horse = (get_or_404(world.clinic, one.public_id) for one in (world.patient, world.horse))
    return world


def card(world, **asked):
    return print_card(actor=world.desk, patient=asked.pop("patient", world.patient), now=NOW, **asked)


def read(printed) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(printed.pdf))


def text_of(printed) -> str:
    return " ".join(" ".join(page.extract_text() for page in read(printed).pages).replace("\u200b", "").split())


def size_mm(printed) -> tuple[int, int]:
    _left, _bottom, width, height = read(printed).pages[0].mediabox
    return round(float(width) / 72 * 25.4), round(float(height) / 72 * 25.4)


# --- the appointment card


def test_the_card_says_day_weekday_time_minutes_who_where_and_whom_to_call(world):
    book(world, "10:00", day_offset=1)
    book(world, "14:30", day_offset=8, room=world.other_room, minutes=20)

    said = text_of(card(world))

    assert "Ada Lovelace" in said
    assert "Tuesday 3 March 2026 10:00 30 minutes Dr Ada · Room 1" in said
    assert "Tuesday 10 March 2026 14:30 20 minutes Dr Ada · Room 2" in said
    assert "Clinique des Deux Rives 12 quai Saint-Michel · +33 5 56" in said
    assert "If you cannot come, please call us: +33 5 56 00 00 00" in said


def test_what_is_over_cancelled_or_only_held_for_a_move_is_not_on_the_card(world):
    book(world, "10:00", day_offset=1)
    other = book(world, "11:00", day_offset=2)
    Appointment.objects.filter(pk=other.pk).update(status="cancelled", cancelled_by="clinic", status_reason="ill")
    held = book(world, "11:00", day_offset=3)
    first = Appointment.objects.order_by("starts_at").first()
    ends = NOW + timedelta(days=1)
    Appointment.objects.filter(pk=held.pk).update(status="offered", offered_until=ends, in_place_of=first)

    said = text_of(card(world))

    assert "3 March 2026" in said
    assert "4 March" not in said
    assert "5 March" not in said
    with pytest.raises(Refused, check=lambda no: no.code == "no-visits"):
        print_card(actor=world.desk, patient=world.patient, now=at("10:01", 1))


def test_a_time_only_offered_or_behind_a_review_says_so():
    world = full_world()
    Appointment.objects.update(status="offered", offered_until=LATER + timedelta(days=3))
    PlannedSession.objects.filter(number=3).update(is_held=True)

    said = text_of(print_card(actor=world.desk, patient=world.patient, course=world.course, now=LATER))

    assert "to be confirmed · subject to review" in said


def test_what_is_not_booked_yet_of_a_course_is_on_the_card_and_no_past_day():
    world = full_world()
    planned = world.course.planned_sessions.get(status="planned")
    day = date_format(planned.due_on, "j F Y")

    def said() -> str:
        return text_of(print_card(actor=world.desk, patient=world.patient, now=LATER))

    assert f"to be booked, about {day}" in said()
    PlannedSession.objects.filter(pk=planned.pk).update(due_on=MONDAY, earliest_on=MONDAY)
    assert "to be booked" in said()
    assert "about" not in said()
    PlannedSession.objects.filter(pk=planned.pk).update(why=LEFT_OPEN)
    assert "to be booked" not in said()
    PlannedSession.objects.filter(pk=planned.pk).update(why="")
    type(world.course).objects.filter(pk=world.course.pk).update(status="paused", status_reason="lame")
    assert "to be booked" not in said()


def test_a_visit_away_from_the_clinic_has_the_address_of_the_place(world):
    place = Place.objects.create(clinic=world.clinic, name="Haras du Lac", address="Route du Lac\n33680 Lacanau")
    visit = book(world, "10:00", day_offset=1)
    Appointment.objects.filter(pk=visit.pk).update(room=None, place=place)

    assert "Dr Ada · Haras du Lac · Route du Lac · 33680 Lacanau" in text_of(card(world))


def test_the_card_speaks_the_language_of_who_takes_it(world):
    book(world, "10:00", day_offset=1)
    book(world, "12:00", day_offset=1, patient=world.horse, practitioner=world.vet)
    type(world.patient).objects.filter(pk=world.patient.pk).update(language="fr")
    world.patient.refresh_from_db()

    own, horse = text_of(card(world)), text_of(card(world, patient=world.horse))
    asked = text_of(card(world, language="en"))

    assert "Vos rendez-vous mardi 3 mars 2026 10:00 30 minutes" in own
    assert "Your appointments Tuesday 3 March 2026" in asked
    assert "Tuesday 3 March 2026" in horse
    owner = Party.objects.create(clinic=world.clinic, name="Anne", language="fr")
    world.horse.party_links.create(party=owner, role="owner", from_on=MONDAY)
    assert "mardi 3 mars 2026" in text_of(card(world, patient=world.horse))


def test_the_card_is_a_quarter_of_the_clinics_sheet_or_the_whole(world):
    book(world, "10:00", day_offset=1)

    assert size_mm(card(world)) == (105, 148)
    assert size_mm(card(world, size=CardSize.SHEET)) == (210, 297)
    set_paper(actor=None, clinic=world.clinic, size="us-letter")
    assert size_mm(card(world)) == (108, 139)
    assert size_mm(card(world, size=CardSize.SHEET)) == (216, 279)


@pytest.mark.parametrize("size", list(CardSize))
def test_the_card_is_tagged_speaks_its_language_and_keeps_everything_of_a_long_series(world, size):
    for day in (1, 2, 3, 4, 7, 8, 9, 10, 11, 14, 15, 16):
        book(world, "10:00", day_offset=day)

    printed = card(world, size=size)

    catalog = read(printed).trailer["/Root"]
    assert catalog["/MarkInfo"]["/Marked"].value is True
    assert catalog["/Lang"] == "en"
    assert b"pdfuaid:part" in catalog["/Metadata"].get_object().get_data()
    assert text_of(printed).count("30 minutes") == 12
    assert printed.file_name == "2026-03-02_Ada-Lovelace_appointments.pdf"


def test_the_card_of_a_course_has_its_own_visits_only_and_all_of_a_merged_file_are_on_the_patients():
    world = full_world()
    other = make_patient(world.clinic, "horse", name="Galant again")
    starts = LATER + timedelta(days=20)
    visit = Appointment.objects.get()
    ends = starts + timedelta(minutes=15)
    Appointment.objects.create(
        clinic=world.clinic,
        site=visit.site,
        patient=other,
        practitioner=visit.practitioner,
        starts_at=starts,
        ends_at=ends,
    )
    merging.merge_patient(actor=None, patient=other, into=world.patient)

    own = text_of(print_card(actor=world.desk, patient=world.patient, course=world.course, now=LATER))
    every = text_of(print_card(actor=world.desk, patient=world.patient, now=LATER))

    assert (own.count("minutes"), every.count("minutes")) == (1, 2)


def test_the_desk_prints_the_card_from_both_pages_and_it_is_written_down():
    world = full_world()
    browser = Client()
    with time_machine.travel(LATER, tick=False):
        browser.force_login(world.desk)
        addresses = [
            reverse("sessions:patient-card", args=[world.patient.public_id]),
            reverse("sessions:course-card", args=[world.course.public_id]),
        ]
        pages = [
            browser.get(reverse("sessions:patient", args=[world.patient.public_id])).content.decode(),
            browser.get(reverse("sessions:course", args=[world.course.public_id])).content.decode(),
        ]
        answers = [browser.get(address, {"size": "sheet", "language": "xx"}) for address in addresses]

    assert all(address in page for address, page in zip(addresses, pages, strict=True))
    assert [answer["Content-Type"] for answer in answers] == ["application/pdf"] * 2
    assert 'filename="2026-03-15_Galant_appointments.pdf"' in answers[0]["Content-Disposition"]
    assert answers[0]["Cache-Control"] == "no-store"
    told = AuditEvent.objects.filter(verb="appointment-card.printed").order_by("pk")
    assert [(one.patient_id, one.subject_id) for one in told] == [
        (world.patient.pk, world.patient.pk),
        (world.patient.pk, world.course.pk),
    ]


def test_without_a_visit_the_page_says_so_instead_of_a_blank_card(world):
    browser = Client()
    browser.force_login(make_user(world.clinic, Role.RECEPTION))

    answer = browser.get(reverse("sessions:patient-card", args=[world.patient.public_id]), follow=True)

    assert "there is no card to print" in answer.content.decode()
    assert not AuditEvent.objects.filter(verb="appointment-card.printed").exists()


def test_the_card_asks_as_often_for_twelve_visits_as_for_one(world):
    counts = []
    for days in ((1,), (2, 3, 4, 7, 8, 9, 10, 11, 14)):
        for day in days:
            book(world, "10:00", day_offset=day)
        with CaptureQueriesContext(connection) as queries:
            card(world)
        counts.append(len(queries))

    assert counts[0] == counts[1] <= 6


# --- what to expect


def leaflet(world, patient, **asked):
    return print_leaflet(actor=world.desk, patient=patient, now=NOW, **asked)


def test_people_and_horses_each_get_their_own_words(world):
    person, horse = text_of(leaflet(world, world.patient)), text_of(leaflet(world, world.horse))

    assert "Before the session" in person
    assert "Between 8 and 300" in person
    assert "call the emergency number at once" in person
    assert "Do not ride for 5 to 7 days" in horse
    assert "needles of 3 to 4 mm" in horse
    assert "aspirin" not in horse
    assert "ride" not in person
    for said in (person, horse):
        assert "What to watch for" in said
        assert "Any question? Call us: +33 5 56 00 00 00" in said


def test_the_leaflet_speaks_french_to_the_french(world):
    said = text_of(leaflet(world, world.horse, language="fr"))

    assert "Avant la séance" in said
    assert "Ne montez pas le cheval pendant 5 à 7 jours" in said
    assert "Do not ride" not in said


def test_the_leaflet_of_a_course_has_its_rhythm_and_what_its_protocol_advises():
    world = full_world()
    own = "Do not ride for 5 to 7 days; lungeing is allowed.\nHand-walk on soft ground only."
    course = courses.get_or_404(world.clinic, world.course.public_id)
    course.protocol_version.aftercare = own

    said = text_of(leaflet(world, world.patient, course=course))
    french = text_of(leaflet(world, world.patient, course=course, language="fr"))

    assert "Back pain · Dr Camille Roux" in said
    assert cadence_words(world.course.cadence).split(";")[0] in said
    assert "Hand-walk on soft ground only." in said
    assert "no washing of it" not in said  # the protocol leaves it out
    assert "Call us if a lump" in said
    assert "Ne montez pas le cheval" in french
    assert "Hand-walk on soft ground only." in french
    assert "Mepivacaine" not in said


@pytest.mark.parametrize("code", ["human", "horse", "dog"])
@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_species_has_something_to_read_at_every_moment_on_tagged_paper(world, code, language):
    patient = make_patient(world.clinic, code, name="Ada")

    printed = leaflet(world, patient, language=language)

    catalog = read(printed).trailer["/Root"]
    assert catalog["/MarkInfo"]["/Marked"].value is True
    assert catalog["/Lang"] == language
    assert b"pdfuaid:part" in catalog["/Metadata"].get_object().get_data()
    assert printed.file_name == "2026-03-02_Ada_what-to-expect.pdf"
    assert len(read(printed).pages) == 1


def test_printing_a_leaflet_is_written_down_and_asks_four_times():
    world = full_world()
    browser = Client()
    browser.force_login(world.desk)
    addresses = [
        reverse("sessions:patient-leaflet", args=[world.patient.public_id]),
        reverse("sessions:course-leaflet", args=[world.course.public_id]),
    ]

    answers = [browser.get(address) for address in addresses]

    assert [answer["Content-Type"] for answer in answers] == ["application/pdf"] * 2
    told = AuditEvent.objects.filter(verb="leaflet.printed", patient_id=world.patient.pk)
    assert {one.subject_id for one in told} == {world.patient.pk, world.course.pk}
    course = courses.get_or_404(world.clinic, world.course.public_id)
    with CaptureQueriesContext(connection) as queries:
        leaflet(world, world.patient, course=course)
    assert len(queries) <= 4
