"""The protocol pages: list, one, the editor, and what bad input gets."""

import re
from decimal import Decimal

import pytest
from django.urls import reverse

from mesoclinic.core.roles import Role
from protocols.models import Protocol, ProtocolVersion
from protocols.services import protocols, techniques
from protocols.services.catalogue import load_catalogue
from tests.factories import (
    make_clinic,
    make_protocol_draft,
    make_protocol_version,
    make_substance,
    make_technique,
    make_user,
)
from tests.shared import shared

pytestmark = pytest.mark.django_db


@shared
def clinic():
    return make_clinic()


@pytest.fixture
def browser(clinic, client):
    client.force_login(make_user(clinic, Role.PRACTITIONER))
    return client


def form(*lines: dict, series="4x1w", **fields) -> dict:
    data = {"name": "Neck", "minimum_sessions": "1", "cadence-text": series, "cadence-written": "", **fields}
    data |= {"cadence-rows-TOTAL_FORMS": "0", "cadence-rows-INITIAL_FORMS": "0"}
    data |= {"lines-TOTAL_FORMS": str(len(lines)), "lines-INITIAL_FORMS": "0"}
    for index, line in enumerate(lines):
        line = {"role": "base", "syringe": "A", "ORDER": str(index + 1), **line}
        data |= {f"lines-{index}-{name}": str(value) for name, value in line.items()}
    return data


def url(name, protocol=None):
    return reverse(f"protocols:{name}", args=[protocol.public_id] if protocol else [])


def test_a_protocol_is_written_with_a_decimal_comma_and_read_back(clinic, browser):
    substance = make_substance(clinic, "Lidotest")

    answer = browser.post(url("create"), form({"substance": substance.pk, "volume_ml": "1,5"}), follow=True)

    version = ProtocolVersion.objects.get(protocol__clinic=clinic, protocol__name="Neck")
    assert answer.status_code == 200
    assert version.lines.get().volume_ml == Decimal("1.5")
    assert version.cadence == "4x1w"
    assert "15" in answer.content.decode()  # 1.5 mL of 10 mg/mL


def test_the_editor_shows_every_part_of_a_draft_and_saving_it_untouched_changes_nothing(clinic, browser):
    version = make_protocol_draft(
        clinic, cadence="1x@30, 3x1w@15!, *x4-6w", species=["horse"], shots_min=8, shots_max=300
    )
    page = browser.get(url("edit", version.protocol))
    editor = page.context["editor"]

    assert editor.form["shots_max"].value() == 300
    assert len(editor.lines.forms) == 1
    assert len(editor.cadence_form.rows.forms) == 3


def test_a_draft_keeps_its_technique_when_that_is_offered_no_longer(clinic, browser):
    own, other = make_technique(clinic), make_technique(clinic)
    version = make_protocol_draft(clinic, technique=own)
    for one in (own, other):
        techniques.archive_technique(actor=None, technique=one)

    offered = browser.get(url("edit", version.protocol)).context["editor"].form.fields["technique"].queryset
    kept = form(technique=own.pk, edit_count=version.edit_count)
    saved = browser.post(url("edit", version.protocol), kept)
    refused = browser.post(url("edit", version.protocol), {**kept, "technique": other.pk})

    assert list(offered) == [own]
    assert saved.status_code == 302
    assert ProtocolVersion.objects.get(pk=version.pk).technique == own
    assert "technique" in refused.context["editor"].form.errors


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ({"volume_ml": "-1"}, "lines-0-volume_ml"),
        ({"volume_ml": "0"}, "above 0"),
        ({"volume_ml": "1000000"}, "lines-0-volume_ml"),
        ({"volume_ml": "abc"}, "Enter a number"),
        ({"volume_ml": "NaN"}, "Enter a number"),
        ({"substance": "999999999", "volume_ml": "1"}, "Choose one from the list"),
        ({"substance": "\x00", "volume_ml": "1"}, "Choose one from the list"),
        ({"substance": "", "volume_ml": "1"}, "Choose the substance"),
        ({"note": "x" * 10_000}, "300"),
        ({"strength": "5"}, "needs a number above zero and a unit"),
        ({"syringe": "Ω"}, "Choose one from the list"),
    ],
)
def test_a_bad_line_is_told_beside_it_and_nothing_typed_is_lost(clinic, browser, line, words):
    substance = make_substance(clinic)

    answer = browser.post(url("create"), form({"substance": substance.pk, **line}, notes="Typed with care"))

    page = answer.content.decode()
    assert answer.status_code == 422
    assert words in page
    assert "Typed with care" in page
    assert not ProtocolVersion.objects.filter(protocol__clinic=clinic).exists()


@pytest.mark.parametrize(
    "fields",
    [
        {"name": ""},
        {"name": "x" * 10_000},
        {"name": "a\x00b"},
        {"summary": "x" * 10_000},
        {"shots_min": "0"},
        {"shots_min": "1000000"},
        {"shots_min": "300", "shots_max": "8"},
        {"depth_min_mm": "6", "depth_max_mm": "2"},
        {"depth_max_mm": "14"},
        {"minimum_sessions": "0"},
        {"technique": "\x00"},
        {"species": "99999"},
        {"indications": "horse"},
        {"cadence-text": "4xw"},
        {"lines-TOTAL_FORMS": "99999999"},
        {"lines-TOTAL_FORMS": "\x00"},
    ],
)
def test_a_bad_field_is_refused_and_never_an_error_page(clinic, browser, fields):
    answer = browser.post(url("create"), {**form(), **fields})

    assert answer.status_code == 422
    assert not ProtocolVersion.objects.filter(protocol__clinic=clinic).exists()


def test_emoji_are_a_name_like_any_other(clinic, browser):
    assert browser.post(url("create"), form(name="🐎 back")).status_code == 302
    assert Protocol.objects.filter(clinic=clinic, name="🐎 back").exists()


def test_a_frozen_version_is_not_edited_by_a_hand_made_post(clinic, browser):
    version = make_protocol_version(clinic, summary="As published")

    answer = browser.post(url("edit", version.protocol), form(summary="Changed", edit_count="0"))

    version.refresh_from_db()
    assert answer.status_code == 302
    assert version.summary == "As published"


def test_two_writers_of_one_draft_keep_both_texts(clinic, browser):
    version = make_protocol_draft(clinic)
    protocols.save_draft(actor=None, version=version, edit_count=0, draft=protocols.draft_of(version))

    answer = browser.post(url("edit", version.protocol), form(notes="Mine", edit_count="0"))

    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Mine" in page
    assert 'name="edit_count"' in page
    assert 'value="1"' in page
    assert browser.post(url("edit", version.protocol), form(notes="Mine", edit_count="1")).status_code == 302
    version.refresh_from_db()
    assert version.notes == "Mine"


def test_publishing_by_a_double_click_publishes_once_and_freezes(clinic, browser):
    version = make_protocol_draft(clinic)

    answers = [browser.post(url("publish", version.protocol), {"edit_count": "0"}) for _ in range(2)]

    version.refresh_from_db()
    assert [answer.status_code for answer in answers] == [302, 302]
    assert version.is_published


def test_the_next_version_is_a_draft_and_a_double_click_makes_one(clinic, browser):
    version = make_protocol_version(clinic)

    for _ in range(2):
        browser.post(url("next-version", version.protocol))

    assert list(version.protocol.versions.values_list("number", "status")) == [(2, "draft"), (1, "published")]


def test_a_version_that_was_replaced_says_by_which(clinic, browser):
    version = make_protocol_version(clinic)
    draft = protocols.start_next_version(actor=None, protocol=version.protocol)
    address = reverse("protocols:detail", args=[version.protocol.public_id])

    assert "This version was replaced" not in browser.get(address, {"version": 1}).text
    protocols.publish_version(actor=None, version=draft)

    assert (
        "This version was replaced: new courses are prescribed by version 2."
        in browser.get(address, {"version": 1}).text
    )
    assert "This version was replaced" not in browser.get(address).text
    assert ">Replaced</span>" in "".join(browser.get(address, {"version": 1}).text.split("Versions")[0].split())
    assert browser.get(address).text.count("Replaced") == 1


def test_the_published_version_is_shown_until_the_next_is_published(clinic, browser):
    version = make_protocol_version(clinic)
    protocols.start_next_version(actor=None, protocol=version.protocol)

    assert browser.get(url("detail", version.protocol)).context["version"] == version
    assert browser.get(url("detail", version.protocol), {"version": "2"}).context["version"].number == 2
    assert browser.get(url("detail", version.protocol), {"version": "7"}).status_code == 404
    assert browser.get(url("detail", version.protocol), {"version": "\x00"}).status_code == 404


def test_a_protocol_taken_off_the_list_can_be_put_back(clinic, browser):
    protocol = make_protocol_version(clinic).protocol

    browser.post(url("archive", protocol))
    assert protocol not in browser.get(url("list")).context["page"].object_list
    assert protocol in browser.get(url("list"), {"status": "archived"}).context["page"].object_list
    browser.post(url("archive", protocol), {"restore": "1"})
    assert protocol in browser.get(url("list")).context["page"].object_list


def test_the_list_filters_by_text_field_species_and_status(clinic, browser):
    back = make_protocol_version(clinic, name="Back of horses", species=["horse"]).protocol
    face = make_protocol_draft(clinic, name="Face", species=["human"]).protocol

    def shown(**query):
        return set(browser.get(url("list"), query).context["page"].object_list)

    assert shown(q="BACK") == {back}
    assert shown(species="horse") == {back}
    assert shown(status="draft") == {face}
    assert shown(sort="-name", page="9999") == {back, face}
    assert shown(q="\x00🐎", species="\x00", field="x" * 500) == set()


def test_every_shipped_protocol_and_substance_has_its_page(clinic, browser):
    load_catalogue(clinic=clinic)

    for protocol in Protocol.objects.filter(clinic=clinic):
        page = browser.get(url("detail", protocol))
        assert page.status_code == 200
        assert protocol.versions.get().source.split("\n")[0][:40] in page.context["version"].source


def test_the_live_sum_shows_mg_totals_and_what_the_check_says(clinic, browser):
    load_catalogue(clinic=clinic)
    lidocaine = clinic and make_substance(clinic, "Strong", strength=Decimal(20), max_mg_per_session=Decimal(300))

    page = browser.post(
        url("preview-mix"), form({"substance": lidocaine.pk, "volume_ml": "16"}, {"substance": "", "volume_ml": "x"})
    ).content.decode()

    assert "320 mg" in page
    assert 'id="lines-0-dose"' in page
    assert "notice-danger" in page


@pytest.mark.parametrize("typed", ["1,5", "1.5", " 1,50 "])
def test_the_live_sum_reads_a_decimal_comma(clinic, browser, typed):
    lidocaine = make_substance(clinic, "Strong", strength=Decimal(20))

    page = browser.post(url("preview-mix"), form({"substance": lidocaine.pk, "volume_ml": typed})).content.decode()

    assert "30 mg" in page
    assert "<strong>1.5 mL</strong>" in page
    assert "line-fault" not in page


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("0", "A volume is above 0;"),
        ("-1", "A volume is above 0;"),
        ("1000000", "Enter 1000 or less."),
        ("1,000", "1,000 can be read two ways."),
        ("x", "Enter a number"),
    ],
)
def test_a_volume_the_live_sum_cannot_count_is_said_in_its_line(clinic, browser, typed, words):
    """Else a slip of the decimal point would pass as 0 mL while it is typed."""
    fine, wrong = make_substance(clinic, "Fine", strength=Decimal(20)), make_substance(clinic, "Wrong")
    rows = ({"substance": fine.pk, "volume_ml": "2"}, {"substance": wrong.pk, "volume_ml": typed}, {"substance": ""})

    page = browser.post(url("preview-mix"), form(*rows)).content.decode()

    said = page.split('id="lines-1-dose"')[1].split("</output>")[0]
    assert words in said
    assert page.count("line-fault") == 1
    assert "40 mg" in page


@pytest.mark.parametrize("name", ["add", "remove-0", "up-1", "down-0"])
def test_the_rows_work_without_scripts(clinic, browser, name):
    version = make_protocol_draft(clinic)
    first, second = make_substance(clinic), make_substance(clinic)
    data = form({"substance": first.pk}, {"substance": second.pk}, **{"rows-lines": name})

    page = browser.post(url("edit", version.protocol), data)

    rows = page.context["editor"].lines.forms
    expected = {"add": 3, "remove-0": 2}.get(name, 2)
    assert page.status_code == 200
    assert len(rows) == expected
    if name in ("up-1", "down-0"):
        assert [row["substance"].value() for row in rows] == [str(second.pk), str(first.pk)]
    assert version.lines.count() == 1


@pytest.mark.parametrize("name", ["list", "detail", "edit"])
def test_pages_ask_the_same_number_of_questions_whatever_their_length(
    clinic, browser, name, django_assert_max_num_queries
):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def ask(size):
        lines = [protocols.DraftLine(make_substance(clinic), "add_in", Decimal(1)) for _ in range(size)]
        version = make_protocol_draft(clinic, lines=lines)
        for _ in range(size):
            make_protocol_version(clinic)
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert browser.get(url(name, None if name == "list" else version.protocol)).status_code == 200
        return len(asked)

    browser.get(url("list"))
    assert ask(1) == ask(12)


def test_a_draft_of_a_published_protocol_is_what_saving_and_the_list_lead_to(clinic, browser):
    protocol = make_protocol_version(clinic).protocol
    protocols.start_next_version(actor=None, protocol=protocol)
    of_the_draft = url("detail", protocol) + "?version=2"
    go_on = f'href="{url("edit", protocol)}"'

    saved = browser.post(url("edit", protocol), form(notes="More slowly", edit_count="0"))
    published, listed, editor = (browser.get(url(name, of)).content.decode() for name, of in (
        ("detail", protocol), ("list", None), ("edit", protocol)
    ))  # fmt: skip

    assert saved["Location"] == of_the_draft
    for page in (published, listed):
        assert go_on in page
        assert "Continue the draft of version 2" in page
    assert f'href="{of_the_draft}"' in listed
    assert f'href="{of_the_draft}"' in editor, "the way back and Cancel"


def test_without_a_draft_nothing_says_to_continue_one(clinic, browser):
    protocol = make_protocol_version(clinic).protocol

    pages = browser.get(url("detail", protocol)).content + browser.get(url("list")).content

    assert "Continue the draft" not in pages.decode()


def summary(answer) -> list[tuple[str, str]]:
    """The summary above a form: where each line leads, and its words."""
    notice = answer.content.decode().partition("data-error-summary")[2].partition("</ul>")[0]
    lines = re.findall(r'<li>\s*<a href="#([^"]+)">(.*?)</a>:(.*?)</li>', notice, re.DOTALL)
    return [(anchor, " ".join(f"{place}: {words}".split())) for anchor, place, words in lines]


def test_faults_of_the_rows_are_listed_above_the_form_and_lead_to_their_fields(clinic, browser):
    lines = ({"substance": make_substance(clinic).pk, "volume_ml": "two"}, {"volume_ml": "3", "note": "by hand"})
    phase = {
        "cadence-rows-TOTAL_FORMS": "1",
        "cadence-text": "",
        "cadence-rows-0-count": "0",
        "cadence-rows-0-gap": "7",
    }

    answer = browser.post(url("create"), {**form(*lines, notes="Typed with care"), **phase})

    assert summary(answer) == [
        ("id_lines-0-volume_ml", "The mix, row 1, Volume (mL): Enter a number, like 1.5."),
        ("id_lines-1-substance", "The mix, row 2, Substance: Choose the substance, or remove the row."),
        ("id_cadence-rows-0-count", "The series, row 1, Sessions: From 1 to 999."),
    ]
    page = answer.content.decode()
    for anchor, _words in summary(answer):
        assert f'id="{anchor}"' in page
    for typed in ('value="two"', 'value="by hand"', 'value="0"', "Typed with care"):
        assert typed in page


def test_a_series_that_cannot_be_read_is_listed_too(clinic, browser):
    assert summary(browser.post(url("create"), form(series="4xw")))[0][0] == "id_cadence-text"


def test_a_row_taken_away_is_not_complained_of(clinic, browser):
    answer = browser.post(url("create"), form({"volume_ml": "two", "DELETE": "on"}, {"volume_ml": "3"}))

    assert [words.partition(",")[2][:6] for _anchor, words in summary(answer)] == [" row 1"]
