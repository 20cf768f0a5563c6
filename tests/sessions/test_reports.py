"""The report of a course: all that was planned and done is on it, the page and the PDF say the same, and it is audited."""

import io
import re
from dataclasses import fields, is_dataclass
from datetime import date, timedelta
from html.parser import HTMLParser

import pypdf
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation

from mesoclinic.core.localtime import local_day
from mesoclinic.core.models import AuditEvent
from mesoclinic.core.roles import Role
from patients.services import parties
from protocols.citations import printed_source, source_words
from protocols.services.catalogue import shipped_catalogue
from sessions.models import Appointment, PlannedSession, SessionRecord
from sessions.printing.document import Variant
from sessions.printing.layout import course_data
from sessions.printing.variants import for_variant
from sessions.printing.words import ENGLISH, print_day
from sessions.queries.report_words import report_words
from sessions.queries.reports import course_report, get_or_404
from tests.factories import make_clinic, make_course, make_user
from tests.sessions.booking_world import MONDAY, PARIS
from tests.sessions.report_world import LATER, add_record, full_world, report_world, sign_record

pytestmark = pytest.mark.django_db
TODAY = LATER.date()
CODES = {"timing", "language", "paper", "body", "view", "variant"}


def report_of(world, today: date = TODAY):
    return course_report(get_or_404(world.clinic, world.course.public_id), today)


def page_of(client, world, name: str = "course-report"):
    client.force_login(world.user)
    return client.get(reverse(f"sessions:{name}", args=[world.course.public_id]))


class _Text(HTMLParser):
    """What a reader reads: no attributes, no scripts."""

    def __init__(self, html: str):
        super().__init__()
        self.parts: list[str] = []
        self.feed(html)

    def handle_data(self, data):
        self.parts.append(data)


def text_of_page(response) -> str:
    html = response.content.decode()
    article = html[html.index("<article") : html.index("</article>")]
    return " ".join(" ".join(_Text(article).parts).split())


def text_of_pdf(response) -> str:
    pages = pypdf.PdfReader(io.BytesIO(response.content)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).replace("\u200b", "").split())


def texts_in(value, name: str = ""):
    """Every text and day a report holds, as it is written."""
    if is_dataclass(value):
        for field in fields(value):
            yield from texts_in(getattr(value, field.name), field.name)
    elif isinstance(value, tuple):
        for one in value:
            yield from texts_in(one, name)
    elif isinstance(value, str) and value and name not in CODES:
        yield value
    elif isinstance(value, date):
        yield print_day(value)


def words_in(text: str) -> set[str]:
    return set(re.findall(r"[\w/–-]+", text))


def test_every_text_of_the_report_is_on_the_page_and_in_the_pdf(client):
    world = full_world()

    page, printed = page_of(client, world), page_of(client, world, "course-report-pdf")

    on_page, in_pdf = text_of_page(page), words_in(text_of_pdf(printed))
    texts = [text.removesuffix(".") for text in texts_in(report_of(world, timezone.localdate(timezone=PARIS)))]
    windows = {print_day(day) for row in report_of(world).plan for day in (row.earliest_on, row.latest_on)}
    assert len(texts) > 80
    assert [text for text in texts if text not in windows and " ".join(text.split()) not in on_page] == []
    assert [text for text in texts if not words_in(text) <= in_pdf] == []


def test_page_and_pdf_are_set_from_the_same_blocks_in_the_same_order(client):
    world = full_world()

    on_page = text_of_page(page_of(client, world))
    in_pdf = text_of_pdf(page_of(client, world, "course-report-pdf"))

    titles = [
        "Treatment",
        "Response",
        "Warnings overridden",
        "Planned and actual days",
        "Scores",
        "Session 1",
        "Session 2",
    ]
    titles += ["Adverse events", "Next sessions", "Signatures"]
    for text in (on_page, in_pdf):
        places = [
            re.search(rf"(?<!\w){title}(?! {title})", text[text.index("Treatment") :]).start() for title in titles
        ]
        assert places == sorted(places)


def test_the_report_tells_the_whole_course():
    report = report_of(full_world())

    first, second = report.sessions[-2:]
    assert (report.patient.name, report.patient.identifiers[1].value) == ("Galant", "250259600123456")
    assert (report.indication, report.side, report.protocol.citation) == (
        "Back pain",
        "near side (left)",
        "Denoix 2002",
    )
    assert [(line.substance, line.dose, line.lot) for line in first.mix] == [
        ("Mepivacaine", "100 mg", "MV2291"),
        ("Pentoxifylline", "50 mg", "PX-88104"),
    ]
    assert [(site.side, site.shots) for site in first.sites] == [("near side (left)", 24), ("off side (right)", 22)]
    assert (first.overrides[0].reason, report.overrides[0].reason) == ("competes", "large horse")
    assert first.addenda[0].text == "The lot is PX-88105."
    assert len(first.signature.short_hash) == 12
    assert second.signature is None
    assert [(day.number, str(day.timing), day.days_off) for day in report.plan] == [
        (1, "on_time", 0),
        (2, "late", 5),
        (3, "booked", 0),
        (4, "open", 0),
    ]
    assert report.plan[1].note == "Review: Go on as planned · Better"
    assert report.planned_sessions == 4
    assert [(float(p.before), float(p.after)) for p in report.scores[0].points] == [(7, 5), (5, 2)]
    assert report.adverse_events[0].what == "Small haematoma"
    assert [(one.number, bool(one.appointment)) for one in report.next_sessions] == [(3, True), (4, False)]


def test_a_visit_whose_day_is_over_is_not_a_next_session_though_nobody_closed_it():
    world = full_world()
    day = report_of(world).next_sessions[0]
    visit = Appointment.objects.get(planned_session__course=world.course, planned_session__number=day.number)

    on_the_day = course_report(world.course, local_day(visit.starts_at, visit.site.zone))
    after = course_report(world.course, local_day(visit.starts_at, visit.site.zone) + timedelta(days=1))

    assert [one.number for one in on_the_day.next_sessions] == [3, 4]
    assert [one.number for one in after.next_sessions] == [4]


def coming(report, words=ENGLISH) -> dict[str, list[str]]:
    """What each section about sessions to come says, by its title."""
    said = {}
    for section in course_data(report, words)["sections"]:
        if section["title"] in ("Next sessions", "Your next appointments", "Next visit", "Sessions to be booked"):
            said[section["title"]] = [" | ".join(filter(None, row)) for row in section["blocks"][0]["rows"]]
    return said


def test_only_what_is_booked_is_called_an_appointment():
    report = report_of(full_world())

    for variant, title in ((Variant.PATIENT, "Your next appointments"), (Variant.SHEET, "Next visit")):
        said = coming(for_variant(report, variant))
        assert [row[0] for row in said[title]] == ["3"]
        if variant is Variant.PATIENT:
            day = print_day(report.plan[3].due_on)
            assert [row.split(" | ")[-1] for row in said["Sessions to be booked"]] == [f"to be booked, about {day}"]


@pytest.mark.parametrize("variant", [Variant.FULL, Variant.PATIENT, Variant.SHEET, Variant.REFERRAL])
def test_a_day_that_is_past_and_was_never_booked_is_not_told_as_one_to_come(variant):
    world = report_world()
    past = PlannedSession.objects.filter(course=world.course).order_by("number")[0]
    report = for_variant(report_of(world, past.due_on + timedelta(days=1)), variant)

    [(title, rows)] = coming(report).items()

    assert title in ("Sessions to be booked", "Next sessions")
    assert rows[0] == "1 | to be booked"
    assert report.next_sessions[0].due_on is None


def test_of_a_paused_course_no_day_is_told():
    world = report_world()
    world.course.status, world.course.status_reason = "paused", "lame"
    world.course.save(update_fields=["status", "status_reason"])

    [rows] = coming(for_variant(report_of(world), Variant.PATIENT)).values()

    assert {row.split(" | ", 1)[1].split(" · ")[0] for row in rows} == {"to be booked: the course is paused"}


def test_the_french_letter_to_a_colleague_elides_nothing_and_guesses_no_gender():
    world = full_world()
    world.patient.name = "Ingeborg Fjellheim"
    world.patient.save(update_fields=["name"])

    with translation.override("fr"):
        words = report_words(world.patient.species)
        data = course_data(for_variant(report_of(world), Variant.REFERRAL), words)

    opening = data["sections"][0]["blocks"][0]["text"]
    assert "concernant Ingeborg Fjellheim" in opening
    assert not re.search(r"\b(de Ingeborg|traitée?)\b", opening)


def test_a_time_that_is_only_offered_is_said_to_be():
    world = full_world()
    visits = Appointment.objects.filter(planned_session__course=world.course, planned_session__number=3)
    firm = report_of(world).next_sessions[0].appointment
    visits.update(status="offered", offered_until=timezone.now() + timedelta(days=300))

    assert report_of(world).next_sessions[0].appointment == f"{firm} · to be confirmed"


def test_an_effect_told_at_a_session_is_of_the_one_before():
    report = report_of(full_world())

    assert [(one.number, one.said) for one in report.effects] == [(1, "5 days")]


@pytest.mark.parametrize(
    ("source", "printed"),
    [
        ("A choice of Mesoclinic, not a sourced fact. Change it to your clinic's own", ""),
        ("General knowledge, not verified: no source was found. Check it before use; Denoix 2002", "Denoix 2002"),
    ],
)
def test_what_only_tells_the_clinic_that_there_is_no_source_is_not_printed(source, printed):
    assert source.split("; ")[0] in {one.citation for one in shipped_catalogue().sources}
    assert printed_source(source) == printed
    assert source_words(source)


def test_what_is_said_in_place_of_a_source_ends_as_a_sentence():
    assert source_words("Denoix 2002; A choice of Mesoclinic, not a sourced fact. Change it to your clinic's own") == (
        "Denoix 2002; A choice of Mesoclinic, not a sourced fact. Change it to your clinic's own."
    )
    assert source_words("Denoix 2002") == "Denoix 2002"


@pytest.mark.parametrize(("language", "said"), [("en", "both sides"), ("fr", "les deux côtés")])
def test_a_side_is_written_as_inside_a_phrase(language, said):
    world = report_world(species="human")
    world.course.side = "both"
    world.course.save(update_fields=["side"])

    with translation.override(language):
        assert report_of(world).side == said


def test_why_a_session_did_not_take_place_stands_beside_its_day():
    world = full_world()
    visit = third_did_not_come(world)

    report = report_of(world)

    assert visit.status_reason in report.plan[2].note
    assert "did not come" in report.plan[2].note


def third_did_not_come(world):
    visit = Appointment.objects.get(planned_session__number=3)
    visit.status, visit.status_reason = "no_show", "Trailer broke down"
    visit.save(update_fields=["status", "status_reason"])
    return visit


def test_competition_rules_and_rest_of_the_last_session_are_told_for_a_horse():
    world = report_world()
    record = add_record(world, 1)
    record.findings = [
        {"rule": "competition.earliest", "text": "Earliest possible by rule X is 5 Mar 2026."},
        {"rule": "mix.count", "text": "Four lines."},
    ]
    record.save(update_fields=["findings"])

    report = report_of(world)

    assert [(one.session, one.said) for one in report.competition] == [
        (1, "Earliest possible by rule X is 5 Mar 2026.")
    ]
    assert report.aftercare == "Walk for two days."


def test_a_shipped_advice_is_told_in_the_language_of_the_report_and_the_clinics_own_stays():
    world = report_world()
    shipped = "Small bruises and a little soreness at the needle points are common and fade by themselves."
    record = add_record(world, 1)
    record.aftercare = f"{shipped}\nWalk for two days."
    record.save(update_fields=["aftercare"])

    with translation.override("fr"):
        french = report_of(world).aftercare.splitlines()

    assert french[0].startswith("De petits bleus")
    assert french[1] == "Walk for two days."
    assert report_of(world).aftercare.splitlines() == [shipped, "Walk for two days."]


def test_the_points_tapped_are_in_the_report_of_the_session_and_of_the_course():
    report = report_of(full_world())

    assert [len(part.points) for part in report.sessions[1].body] == [24, 22]
    assert [len(part.points) for part in report.body] == [48, 44]


def test_what_is_not_signed_says_so_on_paper_and_on_the_page(client):
    world = full_world()

    for text in (text_of_page(page_of(client, world)), text_of_pdf(page_of(client, world, "course-report-pdf"))):
        assert "Not signed yet: session 2. What stands there may still change." in text
        assert text.count("Not signed yet") == 2


def test_a_record_of_the_wrong_patient_stays_in_sight_and_counts_for_nothing(client):
    world = full_world()

    report = report_of(world)

    assert [(part.number, part.withdrawn) for part in report.sessions] == [(1, True), (1, False), (2, False)]
    assert len(report.scores[0].points) == 2
    assert "Sessions done: 2 of 4" in text_of_page(page_of(client, world))
    assert "Session 1 Withdrawn" in text_of_pdf(page_of(client, world, "course-report-pdf"))


def test_a_draft_is_not_printed():
    world = report_world()
    SessionRecord.objects.filter(pk=add_record(world, 1).pk).update(
        status="draft", performed_at=None, performed_by=None
    )

    assert report_of(world).sessions == ()


def test_a_former_owner_is_never_on_the_report():
    world = full_world()
    parties.transfer_ownership(
        actor=world.user, patient=world.patient, name="Bruno Keller", on=MONDAY + timedelta(days=5)
    )

    said = " ".join(texts_in(report_of(world)))

    assert "Bruno Keller" in said
    assert "Lefèvre" not in said


def test_a_person_is_left_and_right_and_a_horse_near_and_off():
    horse, person = report_of(report_world()), report_of(report_world(species="human", name="Ada Lovelace"))

    assert (horse.side, person.side) == ("near side (left)", "left")


def test_what_is_left_over_and_the_way_back_are_no_parts_of_a_french_body():
    with translation.override("fr"):
        person = report_of(report_world(species="human", name="Ada Lovelace"))

        assert person.side == "gauche"
        assert translation.gettext("Back") == "Dos"


def test_a_region_with_a_shipped_name_is_said_in_the_language_of_the_report():
    world = report_world()
    record = add_record(world, 1)
    record.injection_sites.update(region="Back")

    with translation.override("fr"):
        assert {site.region for site in report_of(world).sessions[0].sites} == {"Dos"}


def test_the_days_left_of_a_stopped_course_are_not_promised():
    world = report_world()
    world.course.status, world.course.status_reason = "stopped", "moved away"
    world.course.save(update_fields=["status", "status_reason"])

    report = report_of(world)

    assert (report.state, report.state_reason) == ("Stopped", "moved away")
    assert (report.plan, report.next_sessions) == ((), ())


def test_a_course_without_an_end_counts_only_what_was_done():
    assert report_of(report_world(cadence="2x1w, *x2w")).planned_sessions is None


def test_as_many_statements_for_one_session_as_for_many():
    few, many = report_world(cadence="2x1w"), report_world(cadence="20x1w")
    sign_record(few, add_record(few, 1))
    for number in range(1, 21):
        sign_record(many, add_record(many, number), sequence=number)

    counts = []
    for world in (few, many):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            report_of(world)
        counts.append(len(queries))

    assert counts[0] == counts[1] <= 22


def test_opening_and_printing_are_written_down_and_kept_out_of_caches(client):
    world = report_world()

    page, printed = page_of(client, world), page_of(client, world, "course-report-pdf")

    events = AuditEvent.objects.filter(subject_id=world.course.pk, verb__startswith="report.").order_by("pk")
    assert [(event.verb, event.patient_id, event.actor) for event in events] == [
        ("report.opened", world.patient.pk, world.user),
        ("report.printed", world.patient.pk, world.user),
    ]
    for answer in (page, printed):
        assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("Galant", 'inline; filename="2026-03-02_Galant_course-1.pdf"'),
        ("Éclair", "inline; filename*=utf-8''2026-03-02_%C3%89clair_course-1.pdf"),
    ],
)
def test_the_pdf_opens_in_the_browser_under_a_name_one_finds_again(client, name, header):
    answer = page_of(client, report_world(name=name), "course-report-pdf")

    assert (answer["Content-Type"], answer["Content-Disposition"]) == ("application/pdf", header)
    assert answer.content.startswith(b"%PDF")


def test_markup_typed_by_people_stays_text_on_the_page(client):
    world = report_world(name="<script>alert(1)</script>")
    sign_record(world, add_record(world, 1))

    html = page_of(client, world).content.decode()

    assert "<script>alert" not in html


def test_every_word_of_the_report_is_asked_of_the_translation():
    species = report_world(species="human", name="Ada").patient.species

    with translation.override("en"):
        words = report_words(species)

    assert words.keys() == ENGLISH.keys()
    assert {key for key in words if words[key] != ENGLISH[key]} == {"stable", "behaviour"}


# The list


def listed(client, user, **query) -> list[int]:
    client.force_login(user)
    answer = client.get(reverse("sessions:reports"), query)
    assert answer.status_code == 200
    return [course.number for course in answer.context["page"].object_list]


@pytest.mark.parametrize("page", ["sessions:reports", "sessions:courses"])
def test_no_list_of_courses_offers_a_state_that_no_course_is_in(client, page):
    world = report_world()
    client.force_login(world.manager)

    shown = client.get(reverse(page)).content.decode()

    assert 'value="stopped"' in shown
    assert 'value="draft"' not in shown


def test_courses_are_found_by_patient_number_state_practitioner_and_period(client):
    world = report_world(name="Galant")
    other = make_course(world.clinic, start_on=MONDAY + timedelta(days=30), now=LATER)
    world.course.status, world.course.status_reason = "stopped", "sold"
    world.course.save(update_fields=["status", "status_reason"])

    assert listed(client, world.manager) == [other.number, world.course.number]
    assert listed(client, world.manager, q="galant") == [world.course.number]
    assert listed(client, world.manager, q=f"#{other.number}") == [other.number]
    assert listed(client, world.manager, status="stopped") == [world.course.number]
    assert listed(client, world.manager, practitioner=world.vet.public_id) == [world.course.number]
    assert listed(client, world.manager, from_on="2026-03-10") == [other.number]
    assert listed(client, world.manager, until_on="2026-03-10") == [world.course.number]
    assert listed(client, world.manager, sort="number") == [world.course.number, other.number]


def test_another_clinic_sees_none_of_it(client):
    world = report_world()
    stranger = make_user(make_clinic(), Role.MANAGER)

    assert listed(client, stranger) == []
    assert listed(client, stranger, practitioner=world.vet.public_id) == []
    assert client.get(reverse("sessions:course-report", args=[world.course.public_id])).status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        {"q": "a\x00b"},
        {"q": "🐴" * 5000},
        {"from_on": "9999-99-99"},
        {"from_on": "2026-03-02", "until_on": "2026-03-01"},
        {"page": "-3", "sort": "-nothing"},
        {"practitioner": "x", "status": "x"},
        {"q": "٣"},
    ],
)
def test_an_odd_filter_is_answered_in_words(client, query):
    listed(client, report_world().manager, **query)


def test_as_many_statements_for_a_long_list_as_for_a_short_one(client):
    world = report_world()
    client.force_login(world.manager)
    counts = []
    for courses in (1, 12):
        for _n in range(courses):
            course = make_course(
                world.clinic,
                start_on=MONDAY,
                protocol_version=world.version,
                practitioner=world.vet,
                indication=world.course.indication,
                plan=False,
            )
            assert course.pk
        client.get(reverse("sessions:reports"))
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("sessions:reports"))
        counts.append(len(queries))

    assert counts[0] == counts[1]
