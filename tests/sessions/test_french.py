"""What people read in French is French: regions, numbers, days, colons, counts, on pages and papers."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.template import Context, Template
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.formats import date_format as as_django_writes

from mesoclinic.core.wording import date_format, with_colon
from protocols.models import Protocol, ProtocolVersion, Species, Substance
from protocols.words import strength_words
from sessions.models import Administration, InjectionSite, Score
from sessions.printing.pieces import colon, shortened
from sessions.printing.words import print_day
from sessions.queries.report_sessions import _mix_line
from sessions.queries.report_words import report_words
from sessions.queries.scale_words import value_words
from sessions.queries.today_clinic import manager_day
from tests.factories import make_species
from tests.sessions.booking_world import NOW, book, open_clinic
from tests.sessions.report_world import report_world


@pytest.fixture(autouse=True)
def french():
    with translation.override("fr"):
        yield


def test_every_page_writes_the_first_of_a_month_as_french_does():
    said = Template(
        "{{ day|date:'D j M' }} · {{ at|date:'j F, H:i' }} · {{ other|date:'j F' }} · {{ none|date:'j F' }}"
    )
    first = datetime(2026, 3, 31, 22, 30, tzinfo=UTC)  # in Paris the first of April has begun
    shown = {"day": date(2026, 4, 1), "at": first, "other": date(2026, 4, 21), "none": None}

    with timezone.override("Europe/Paris"):
        assert said.render(Context(shown)) == "mer 1er avr. · 1er avril, 00:30 · 21 avril · "
        with translation.override("en"):
            assert said.render(Context(shown)) == "Wed 1 Apr · 1 April, 00:30 · 21 April · "


def test_international_units_are_french_on_papers_in_findings_and_in_forms():
    line = Administration(strength=Decimal(150), strength_unit="IU/mL", given_ml=Decimal("1.5"))
    line.substance = Substance(name="Hyaluronidase")

    said = _mix_line(line, False, report_words(Species(words={})), {})

    assert (said.strength, said.dose) == ("150 UI/mL", "225 UI")
    assert line.get_strength_unit_display() == "UI/mL"
    assert strength_words("0.5 mg/mL") == "0,5 mg/mL"
    assert strength_words("150 IU/mL") == "150 UI/mL"


@pytest.mark.django_db
def test_papers_have_one_way_to_shorten_a_month_and_a_word_for_its_first_day():
    words = report_words(make_species()["horse"])

    for month in range(1, 13):
        day = date(2026, month, 2)
        assert print_day(day, words) == date_format(day, "j M Y") == as_django_writes(day, "j M Y")
    first = date(2026, 4, 1)
    assert (print_day(first, words), date_format(first, "l j F Y")) == ("1er avr. 2026", "mercredi 1er avril 2026")
    assert date_format(date(2026, 4, 11), "j F Y") == "11 avril 2026"
    assert colon("Correction", "le lot", words) == with_colon("Correction", "le lot") == "Correction\u00a0: le lot"
    with translation.override("en"):
        assert (print_day(first), date_format(first, "j M Y")) == ("1 Apr 2026", "1 Apr 2026")
        assert with_colon("Correction", "") == "Correction"


def test_a_text_that_is_too_long_is_cut_between_words():
    assert shortened("Qui a lu mon dossier · Ingeborg", 25) == "Qui a lu mon dossier…"
    assert shortened("a" * 30, 25) == "a" * 24 + "…"


@pytest.mark.django_db
def test_a_site_a_score_and_a_protocol_are_said_in_french():
    score = Score(scale="pain", moment="before", value=Decimal("6.5"))

    assert str(InjectionSite(region="Back", side="left")) == "Dos gauche"
    assert value_words(score, make_species()["horse"]) == "6,5"
    assert (
        str(ProtocolVersion(protocol=Protocol(name="Rheumatoid arthritis"), number=2)) == "Polyarthrite rhumatoïde (2)"
    )


@pytest.mark.django_db
def test_the_page_of_a_horse_calls_its_facts_by_french_names():
    world = report_world()
    world.user.language = "fr"
    world.user.save(update_fields=["language"])
    browser = Client()
    browser.force_login(world.user)

    page = browser.get(reverse("sessions:patient", args=[world.patient.public_id])).content.decode()

    assert "Passport name" not in page
    assert "<dt>Stable</dt>" not in page


@pytest.mark.django_db
def test_one_and_many_of_today_have_their_own_words():
    world = open_clinic()
    for clock in ("10:00", "11:00"):
        visit = book(world, clock)
        type(visit).objects.filter(pk=visit.pk).update(status="fulfilled")
    away = book(world, "12:00")
    type(away).objects.filter(pk=away.pk).update(status="no_show")

    said = [(count, words) for count, words in manager_day(world.clinic, world.site, NOW).figures]

    assert (2, "faits") in said
    assert (1, "absent") in said
