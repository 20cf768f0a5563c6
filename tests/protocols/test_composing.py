"""The composer's buttons: the whole mix to another volume, saline only, another substance in a line's place."""

import pytest
from django.http import QueryDict
from django.urls import reverse

from mesoclinic.core.refused import Refused
from mesoclinic.core.roles import Role
from protocols.forms.composing import composed
from protocols.models import Substance
from protocols.services.catalogue import load_catalogue
from tests.factories import make_clinic, make_user
from tests.shared import shared

pytestmark = pytest.mark.django_db
RECORD = ("given_ml", "prepared_ml", "wasted_ml")


@shared
def clinic():
    clinic = make_clinic()
    load_catalogue(clinic=clinic)
    return clinic


def posted(**fields):
    data = QueryDict(mutable=True)
    data.update({"lines-TOTAL_FORMS": "2", **{name.replace("__", "-"): value for name, value in fields.items()}})
    return data


def mix(**fields):
    return posted(
        lines__0__substance="1",
        lines__0__lot="7",
        lines__0__given_ml="2",
        lines__0__prepared_ml="2,5",
        lines__0__wasted_ml="0.5",
        lines__1__substance="2",
        lines__1__given_ml="1",
        lines__1__prepared_ml="1",
        **fields,
    )


def test_without_a_button_nothing_changes(clinic):
    assert composed(clinic, mix(), "lines", RECORD) is None
    assert composed(clinic, mix(compose="dance"), "lines", RECORD) is None


@pytest.mark.parametrize("wanted", ["6", "6,0", " 6.00 "])
def test_the_whole_mix_is_scaled_to_a_volume_each_line_alike(clinic, wanted):
    found = composed(clinic, mix(compose="scale", compose_ml=wanted), "lines", RECORD)

    assert [found[f"lines-0-{name}"] for name in RECORD] == ["4", "5", "1"]
    assert [found[f"lines-1-{name}"] for name in RECORD[:2]] == ["2", "2"]


def test_a_line_taken_out_is_neither_counted_nor_scaled(clinic):
    data = mix(compose="scale", compose_ml="4", lines__1__DELETE="on")

    found = composed(clinic, data, "lines", RECORD)

    assert (found["lines-0-given_ml"], found["lines-1-given_ml"]) == ("4", "1")


@pytest.mark.parametrize("wanted", ["", "0", "-3", "1000000", "1e9", "nan", "1,000", "a\x00b", "9" * 50])
def test_a_volume_that_is_none_is_refused_in_words(clinic, wanted):
    with pytest.raises(Refused) as no:
        composed(clinic, mix(compose="scale", compose_ml=wanted), "lines", RECORD)

    assert "mL" in no.value.message


def test_a_mix_without_volumes_cannot_be_scaled(clinic):
    with pytest.raises(Refused, match="no volumes"):
        composed(clinic, posted(compose="scale", compose_ml="4"), "lines", RECORD)


def test_saline_only_takes_the_place_of_all_lines_with_their_volume(clinic):
    saline = Substance.objects.get(clinic=clinic, code="sodium-chloride")

    found = composed(clinic, mix(compose="saline"), "lines", RECORD)

    assert found["lines-TOTAL_FORMS"] == "3"
    assert (found["lines-0-DELETE"], found["lines-1-DELETE"]) == ("on", "on")
    assert (found["lines-2-substance"], found["lines-2-given_ml"]) == (str(saline.pk), "3")
    assert found["lines-2-prepared_ml"] == "3"


def test_saline_that_is_not_on_the_list_is_said(clinic):
    Substance.objects.filter(clinic=clinic, code="sodium-chloride").update(is_archived=True)

    with pytest.raises(Refused, match="not on the clinic's list"):
        composed(clinic, mix(compose="saline"), "lines", RECORD)


def test_a_swapped_line_keeps_its_volume_and_forgets_its_product(clinic):
    found = composed(clinic, mix(compose="swap lines-0"), "lines", RECORD)

    assert "lines-0-substance" not in found
    assert "lines-0-lot" not in found
    assert (found["lines-0-given_ml"], found["lines-1-substance"]) == ("2", "2")
    assert composed(clinic, mix(compose="swap lines-9"), "lines", RECORD)["lines-0-substance"] == "1"


@pytest.mark.parametrize("count", ["", "many", "9" * 40])
def test_a_count_of_rows_that_is_none_breaks_nothing(clinic, count):
    data = posted(compose="swap lines-0")
    data["lines-TOTAL_FORMS"] = count

    assert composed(clinic, data, "lines", RECORD) is not None
    data["compose"] = "saline"
    assert composed(clinic, data, "lines", RECORD) is not None


def test_the_protocols_editor_scales_its_mix_and_says_what_cannot_be(clinic, client):
    client.force_login(make_user(clinic, Role.PRACTITIONER))
    lidocaine = Substance.objects.get(clinic=clinic, code="lidocaine")
    data = {
        "lines-TOTAL_FORMS": "1",
        "lines-INITIAL_FORMS": "0",
        "lines-0-substance": lidocaine.pk,
        "lines-0-role": "base",
        "lines-0-volume_ml": "2",
        "lines-0-syringe": "A",
        "compose": "scale",
    }

    scaled = client.post(reverse("protocols:create"), {**data, "compose_ml": "5"}).content.decode()
    refused = client.post(reverse("protocols:create"), {**data, "compose_ml": "0"}).content.decode()

    assert 'name="lines-0-volume_ml" value="5"' in scaled
    assert "A number above 0" in refused


def test_a_sedation_is_a_row_beside_the_mix_that_its_buttons_leave_alone(clinic):
    added = composed(clinic, mix(compose="sedate"), "lines", RECORD)
    scaled = composed(clinic, mix(lines__1__role="sedation", compose="scale", compose_ml="5"), "lines", RECORD)
    saline = composed(clinic, mix(lines__1__role="sedation", compose="saline"), "lines", RECORD)

    assert (added["lines-TOTAL_FORMS"], added["lines-2-role"]) == ("3", "sedation")
    assert [scaled[f"lines-{n}-{name}"] for n in (0, 1) for name in RECORD[:2]] == ["5", "6.25", "1", "1"]
    assert "lines-0-DELETE" in saline
    assert "lines-1-DELETE" not in saline
