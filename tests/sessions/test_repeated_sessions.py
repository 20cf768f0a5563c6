"""A session that repeats one before says so; whatever differs is told, and nothing is pointed to that is withdrawn or corrected."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from sessions.printing.document import Addendum, Amended, MixLine, Override, SessionPart, SiteLine
from sessions.printing.repeats import told_once
from sessions.printing.session_layout import session_block
from sessions.printing.words import ENGLISH

MIX = (MixLine(substance="Lidocaine", given_ml=Decimal(5), lot="L1"),)
SITES = (
    SiteLine(region="Neck", side="left", depth_mm="4", shots=24),
    SiteLine(region="Neck", side="right", depth_mm="4", shots=22, reactive=True),
)


def session(number: int, **more) -> SessionPart:
    facts = {
        "technique": "Papule",
        "device": "gun 3",
        "depth": "4 mm",
        "weight_kg": Decimal(500),
        "effect": f"{number} days",
    }
    facts |= {"performed_on": date(2026, 3, number), "mix": MIX, "sites": SITES}
    return SessionPart(number=number, **{**facts, **more})


def rows(*sessions: SessionPart) -> list[dict[str, str]]:
    return [dict(same) for _shown, same in told_once(sessions, ENGLISH)]


def test_what_is_as_before_is_named_once_and_what_is_of_this_session_stays():
    first, second = told_once([session(1), session(2)], ENGLISH)

    assert first == (session(1), [])
    assert second[1] == [["As session 1", "Mix, sites, technique, device, depth, weight used"]]
    shown = second[0]
    assert (shown.mix, shown.sites, shown.technique, shown.depth, shown.weight_kg) == ((), (), "", "", None)
    assert (shown.number, shown.effect, shown.shots, shown.performed_on) == (2, "2 days", 46, date(2026, 3, 2))


@pytest.mark.parametrize(
    "other",
    [
        {"mix": (replace(MIX[0], lot="L2"),)},
        {"mix": (replace(MIX[0], given_ml=Decimal(4)),)},
        {"technique": "Nappage"},
        {"depth": "3 mm"},
        {"weight_kg": Decimal(501)},
        {"weight_estimated": True},
        {"sites": SITES[:1]},
        {"sites": (SITES[0], replace(SITES[1], syringe="B"))},
    ],
)
def test_what_differs_is_told_in_full_and_is_what_the_next_is_compared_with(other):
    _first, second, third = told_once([session(1), session(2, **other), session(3, **other)], ENGLISH)

    for name, value in other.items():
        assert getattr(second[0], name) == value
    assert set(dict(third[1])) == {"As session 1", "As session 2"}


def test_places_that_differ_in_shots_depth_or_reaction_are_told_by_themselves():
    calmer = (SITES[0], replace(SITES[1], reactive=False))

    [_first, second, third] = rows(session(1), session(2, sites=calmer), session(3))

    assert second["Different here"] == "Neck, right · 4 mm · 22 shots"
    assert "Different here" not in third


def test_where_every_place_differs_they_are_told_in_full():
    calmer = (replace(SITES[0], shots=30), replace(SITES[1], reactive=False))

    _first, second, third = told_once([session(1), session(2, sites=calmer), session(3, sites=calmer)], ENGLISH)

    assert second[0].sites == calmer
    assert dict(second[1]) == {"As session 1": "Mix, technique, device, depth, weight used"}
    assert dict(third[1])["As session 2"] == "Sites"


def test_what_any_session_before_told_is_pointed_to_not_only_what_was_told_last():
    other = {"mix": (replace(MIX[0], lot="L2"),), "sites": (replace(SITES[0], row="row 2"), SITES[1])}

    *_before, third, fourth = told_once([session(1), session(2, **other), session(3), session(4, **other)], ENGLISH)

    assert third[1] == [["As session 1", "Mix, sites, technique, device, depth, weight used"]]
    assert dict(fourth[1])["As session 2"] == "Mix, sites"


@pytest.mark.parametrize(
    "state",
    [
        {"withdrawn": True},
        {"addenda": (Addendum(kind="Correction", text="Lot is L9.", by="Dr Roux", on=date(2026, 3, 9)),)},
    ],
)
def test_a_session_withdrawn_or_added_to_tells_all_of_its_own_and_is_pointed_to_by_none(state):
    [first, second, third] = rows(session(1, **state), session(2), session(3, **state))

    assert first == second == third == {}


def test_a_corrected_value_is_told_where_it_was_corrected_and_pointed_to_by_none():
    corrected = session(2, depth="3 mm", amended=(Amended(what="depth", signed="4 mm"),))
    lot = session(4, mix=(replace(MIX[0], lot="L2", lot_signed="L1"),))

    _first, second, third, fourth, fifth = told_once(
        [session(1), corrected, session(3, depth="3 mm"), lot, replace(lot, number=5)], ENGLISH
    )

    assert (second[0].depth, third[0].depth) == ("3 mm", "3 mm")
    assert fourth[0].mix == fifth[0].mix == lot.mix


def test_a_session_with_little_left_to_tell_takes_half_the_width():
    first, second = (
        session_block(shown, ENGLISH, same=same) for shown, same in told_once([session(1), session(2)], ENGLISH)
    )

    assert (first["is_brief"], second["is_brief"]) == (False, True)


@pytest.mark.parametrize(
    "other",
    [
        {"mix": (replace(MIX[0], lot="L2"),)},
        {"addenda": (Addendum(kind="Addendum", text="More.", by="Dr B", on=date(2026, 3, 5)),)},
        {"overrides": (Override(rule="Above the ceiling.", reason="Large", by="Dr B"),)},
        {"notes": "Stood well. " * 60},
        {
            "sites": tuple(
                replace(site, technique="Papule", syringe="B", volume_per_point_ml=Decimal(n))
                for n, site in enumerate(SITES)
            )
        },
    ],
)
def test_what_has_more_to_tell_takes_the_whole_width(other):
    *_first, (shown, same) = told_once([session(1), session(2, **other)], ENGLISH)

    assert not session_block(shown, ENGLISH, same=same)["is_brief"]
