"""How long a report is: every fact of every session stands in it, and it stays short all the same."""

import pytest

from sessions.models import InjectionSite
from sessions.printing.pdf import course_pdf
from sessions.queries.reports import course_report, get_or_404
from tests.sessions.report_world import LATER, add_record, report_world
from tests.sessions.test_pdf import read

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("species", ["human", "horse"])
@pytest.mark.parametrize(("sessions", "pages"), [(2, 3), (4, 4), (8, 4), (16, 6)])
def test_a_full_report_has_no_more_pages_than_it_needs(species, sessions, pages):
    world = report_world(species=species, cadence=f"{sessions}x1w")
    for number in range(1, sessions + 1):
        add_record(world, number)

    printed = read(course_pdf(course_report(get_or_404(world.clinic, world.course.public_id), LATER.date())))

    assert 2 <= len(printed.pages) <= pages
    assert all(page.extract_text().strip() for page in printed.pages)


@pytest.mark.parametrize("species", ["human", "horse"])
@pytest.mark.parametrize(("sessions", "pages"), [(6, 4), (12, 4)])
def test_nor_where_the_points_of_every_session_are_others(species, sessions, pages):
    world = report_world(species=species, cadence=f"{sessions}x1w")
    for number in range(1, sessions + 1):
        record = add_record(world, number)
        InjectionSite.objects.filter(record=record, side="right").update(
            points=20 + number, is_reactive=number % 3 == 0
        )

    printed = read(course_pdf(course_report(get_or_404(world.clinic, world.course.public_id), LATER.date())))

    assert 2 <= len(printed.pages) <= pages
    text = " ".join(" ".join(page.extract_text().split()) for page in printed.pages)
    for number in range(1, sessions + 1):
        assert f"Session {number} " in text
        assert f"{20 + number} shots" in text or f"{20 + number} 0.1 mL" in text
