"""What is said to do afterwards counts for a species: how it rests is always said, and never twice or of another."""

import pytest

from protocols.advice import advice_for, parted, rest_of, shipped_advice

STINGS = next(one.text for one in shipped_advice() if one.code == "stings-like-a-bee")
NO_RIDING, NO_RIDING_FR = next((one.text, one.text_fr) for one in shipped_advice() if one.code == "no-riding")
REST = [one.text for one in rest_of("horse")]


def test_the_rest_of_a_horse_is_shipped_and_nobody_elses():
    assert [one.code for one in rest_of("horse")] == ["no-riding", "nothing-on-the-back"]
    assert rest_of("human") == rest_of("dog") == []


@pytest.mark.parametrize(
    ("own", "species", "said"),
    [
        ("", "horse", REST),
        (STINGS, "horse", [STINGS, *REST]),
        (f"{STINGS}\n{NO_RIDING_FR}", "horse", [STINGS, NO_RIDING_FR]),
        (f"{STINGS}\nWalk for two days.", "horse", [STINGS, "Walk for two days."]),
        (f"{STINGS}\n{NO_RIDING}", "dog", [STINGS]),
        ("", "human", []),
    ],
)
def test_the_advice_of_a_species(own, species, said):
    assert advice_for(own, species).splitlines() == said


def test_an_advice_is_parted_into_shipped_sentences_and_the_clinics_own():
    known, unknown = parted(f"{NO_RIDING_FR}\n\n Walk for two days. \n{STINGS}")

    assert [one.code for one in known] == ["no-riding", "stings-like-a-bee"]
    assert unknown == ["Walk for two days."]
