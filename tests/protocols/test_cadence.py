"""The notation of DESIGN section 3: worked examples, every fault with its exact words, and properties."""

import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.cadence import Cadence, CadenceError, Gap, Phase, Window, format, parse

pytestmark = pytest.mark.engine

EQUINE = "1x@30, 3x1w@15, 1x2w@30, 1x3w@30, 1x4w@30, *x4-6w@30"


@pytest.mark.parametrize(
    ("text", "phases"),
    [
        ("1x", [Phase(1)]),
        ("4x1w", [Phase(4, Gap(1, "w"))]),
        ("1x10d", [Phase(1, Gap(10, "d"))]),
        ("2x1mo", [Phase(2, Gap(1, "mo"))]),
        ("4x1w[6-10d]", [Phase(4, Gap(1, "w", Window(6, 10, "d")))]),
        ("2x1mo[1-2mo]", [Phase(2, Gap(1, "mo", Window(1, 2, "mo")))]),
        ("2x10d[1-2w]", [Phase(2, Gap(10, "d", Window(1, 2, "w")))]),
        ("*x4-6w", [Phase(None, Gap.between(4, 6, "w"))]),
        ("1x4-4w", [Phase(1, Gap.between(4, 4, "w"))]),
        ("1x!, 1x1w!, 1x1w", [Phase(1, gate=True), Phase(1, Gap(1, "w"), gate=True), Phase(1, Gap(1, "w"))]),
        ("1x@30!", [Phase(1, None, 30, True)]),
        ("3x7d@15!", [Phase(3, Gap(7, "d"), 15, True)]),
        ("D0", [Phase(1)]),
        ("D0 D7 D14 D29", [Phase(1), Phase(1, Gap(7, "d")), Phase(1, Gap(7, "d")), Phase(1, Gap(15, "d"))]),
        ("D0 D999", [Phase(1), Phase(1, Gap(999, "d"))]),
        ("999x999d[1-999d]@999", [Phase(999, Gap(999, "d", Window(1, 999, "d")), 999)]),
    ],
)
def test_a_text_is_read_as_its_phases(text, phases):
    assert parse(text).phases == tuple(phases)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        (EQUINE, EQUINE),
        ("1x@30,3x1w@15 ,  1x2w", "1x@30, 3x1w@15, 1x2w"),
        ("\t 4x1w \t", "4x1w"),
        ("004x01w[06-010d]@015", "4x1w[6-10d]@15"),
        ("4x7d", "4x7d"),
        ("1x@30, 3x1w@30", "1x@30, 3x1w@30"),
        ("2x4-6w", "2x4-6w"),
        ("D0 D7 D14 D29", "1x, 1x7d, 1x7d, 1x15d"),
        ("  D0D03  D00010 ", "1x, 1x3d, 1x7d"),
        ("D00", "1x"),
    ],
)
def test_canonical_text_writes_things_as_given(text, canonical):
    assert format(parse(text)) == canonical
    assert str(parse(text)) == canonical
    assert parse(canonical) == parse(text)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        # a unit
        ("1x,3x1x", 'character 7: expected a unit (d, w or mo), found "x"'),
        ("1x1m", 'character 4: expected a unit (d, w or mo), found "m"'),
        ("1x1W", 'character 4: expected a unit (d, w or mo), found "W"'),
        ("1x1 w", 'character 4: expected a unit (d, w or mo), found " "'),
        ("3x4-6", "character 6: expected a unit (d, w or mo), found the end of the text"),
        # a count
        ("", 'character 1: expected a count (a number or "*") or D0, found the end of the text'),
        ("   ", 'character 4: expected a count (a number or "*") or D0, found the end of the text'),
        ("-1x", 'character 1: expected a count (a number or "*") or D0, found "-"'),
        ("x1w", 'character 1: expected a count (a number or "*") or D0, found "x"'),
        ("d0 d7", 'character 1: expected a count (a number or "*") or D0, found "d"'),
        ("٣x1w", 'character 1: expected a count (a number or "*") or D0, found "٣"'),
        ("²x1w", 'character 1: expected a count (a number or "*") or D0, found "²"'),
        ("💉", 'character 1: expected a count (a number or "*") or D0, found "💉"'),
        ("4x1w,", 'character 6: expected a count (a number or "*"), found the end of the text'),
        ("4x1w, ,", 'character 7: expected a count (a number or "*"), found ","'),
        ("1x, D7", 'character 5: expected a count (a number or "*"), found "D"'),
        # numbers
        ("0x1w", 'character 1: expected a number from 1 to 999, found "0"'),
        ("1x0w", 'character 3: expected a number from 1 to 999, found "0"'),
        ("1000x1w", 'character 1: expected a number from 1 to 999, found "1000"'),
        ("1x1w@0", 'character 6: expected a number from 1 to 999, found "0"'),
        ("1x1w@1000!", 'character 6: expected a number from 1 to 999, found "1000"'),
        ("1x1w@", "character 6: expected minutes, a number from 1 to 999, found the end of the text"),
        ("1x1w@x", 'character 6: expected minutes, a number from 1 to 999, found "x"'),
        ("9" * 500, 'character 1: expected a number from 1 to 999, found "999999999999…"'),
        # "x" and gaps
        ("4", 'character 2: expected "x", found the end of the text'),
        ("4X1w", 'character 2: expected "x", found "X"'),
        ("4 x1w", 'character 2: expected "x", found " "'),
        ("2x", "character 3: expected a gap such as 1w, found the end of the text"),
        ("2x@30", 'character 3: expected a gap such as 1w, found "@"'),
        ("*x", "character 3: expected a gap such as 1w, found the end of the text"),
        ("1x, 1x", "character 7: expected a gap such as 1w, found the end of the text"),
        ("1x, 1x@30", 'character 7: expected a gap such as 1w, found "@"'),
        ("2x@0", 'character 3: expected a gap such as 1w, found "@"'),
        # ranges and windows
        ("1x6-4w", 'character 5: expected a number from 6 to 999, found "4"'),
        ("1x6-4z", 'character 5: expected a number from 6 to 999, found "4"'),
        ("1x4-w", 'character 5: expected a number from 1 to 999, found "w"'),
        ("1x4w-6w", 'character 5: expected "@", "!", "," or the end of the text, found "-"'),
        ("1x4-6w[4-6w]", 'character 7: expected "@", "!", "," or the end of the text, found "["'),
        ("1x1w[8-10d]", 'character 6: expected a window that holds the gap of 1w, found "8"'),
        ("1x1w[1-6d]", 'character 8: expected a window that holds the gap of 1w, found "6"'),
        ("1x1w[10-8d]", 'character 6: expected a window that holds the gap of 1w, found "10"'),
        ("1x1w[6-5d]", 'character 8: expected a number from 6 to 999, found "5"'),
        ("1x1w[6-5z]", 'character 8: expected a number from 6 to 999, found "5"'),
        ("1x3d[1-2w]", 'character 6: expected a window that holds the gap of 3d, found "1"'),
        ("1x1mo[2-3mo]", 'character 7: expected a window that holds the gap of 1mo, found "2"'),
        ("1x3mo[1-2mo]", 'character 9: expected a window that holds the gap of 3mo, found "2"'),
        ("1x4w[1-2mo]", 'character 9: expected the unit d or w, as in the gap, found "mo"'),
        ("1x1mo[20-40d]", 'character 12: expected the unit mo, as in the gap, found "d"'),
        ("1x1w[1-6z]", 'character 9: expected a unit (d, w or mo), found "z"'),
        ("1x1w[", "character 6: expected a number from 1 to 999, found the end of the text"),
        ("1x1w[6]", 'character 7: expected "-", found "]"'),
        ("1x1w[6d-10d]", 'character 7: expected "-", found "d"'),
        ("1x1w[6-10d", 'character 11: expected "]", found the end of the text'),
        # what may follow
        ("*x1w, 1x1w", 'character 5: expected "@" or the end of the text, found ","'),
        ("*x1w , 1x1w", 'character 6: expected the end of the text, found ","'),
        ("*x1w!", 'character 5: expected "@" or the end of the text, found "!"'),
        ("*x1w@30!", 'character 8: expected the end of the text, found "!"'),
        ("1x!@30", 'character 4: expected "," or the end of the text, found "@"'),
        ("1x!!", 'character 4: expected "," or the end of the text, found "!"'),
        ("1x1w@30m", 'character 8: expected "!", "," or the end of the text, found "m"'),
        ("1x1w 2x1w", 'character 6: expected "," or the end of the text, found "2"'),
        ("4x1w !", 'character 6: expected "," or the end of the text, found "!"'),
        ("1xx", 'character 3: expected "@", "!", "," or the end of the text, found "x"'),
        ("4x1w\n", 'character 5: expected "@", "!", "," or the end of the text, found U+000A'),
        ("4x1w\x00", 'character 5: expected "@", "!", "," or the end of the text, found U+0000'),
        # day lists
        ("D1 D7", 'character 2: expected 0 (a day list starts at D0), found "1"'),
        ("D", "character 2: expected 0 (a day list starts at D0), found the end of the text"),
        ("D-7", 'character 2: expected 0 (a day list starts at D0), found "-"'),
        ("D0 D7 D7", 'character 8: expected a day later than 7, found "7"'),
        ("D0 D14 D7", 'character 9: expected a day later than 14, found "7"'),
        ("D0 D", "character 5: expected a day later than 0, found the end of the text"),
        ("D0 D0", 'character 5: expected a number from 1 to 999, found "0"'),
        ("D0 D1000", 'character 5: expected a number from 1 to 999, found "1000"'),
        ("D0, D7", 'character 3: expected a later day ("D" and a number) or the end of the text, found ","'),
        ("D0 1x1w", 'character 4: expected a later day ("D" and a number) or the end of the text, found "1"'),
        ("D0@30", 'character 3: expected a later day ("D" and a number) or the end of the text, found "@"'),
        ("D0 D7!", 'character 6: expected a later day ("D" and a number) or the end of the text, found "!"'),
    ],
)
def test_bad_text_names_its_first_fault(text, fault):
    with pytest.raises(CadenceError) as caught:
        parse(text)

    assert str(caught.value) == f"cadence, {fault}"
    assert fault.startswith(f"character {caught.value.position}:")


TOO_LONG = "expected the end of the text (a cadence has at most 1000 characters)"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("4x1w" + " " * 997, f'cadence, character 1001: {TOO_LONG}, found " "'),
        ("1x1d," * 200 + "1x1d", f'cadence, character 1001: {TOO_LONG}, found "1"'),
        ("1x1d," * 200, 'cadence, character 1001: expected a count (a number or "*"), found the end of the text'),
        (" " * 100_000, f'cadence, character 1001: {TOO_LONG}, found " "'),
        ("4y" + " " * 100_000, 'cadence, character 2: expected "x", found "y"'),
    ],
)
def test_a_text_has_at_most_1000_characters(text, fault):
    with pytest.raises(CadenceError) as caught:
        parse(text)

    assert str(caught.value) == fault


def test_a_text_of_1000_characters_is_read_and_its_canonical_text_is_no_longer():
    assert str(parse("4x1w" + " " * 996)) == "4x1w"

    tidy = ", ".join(["1x1d"] * 167)
    crowded = ",".join(["1x1d"] * 199 + ["1x10d"])  # ", " between phases would make it too long

    assert len(tidy) == len(crowded) == 1000
    assert str(parse(tidy)) == tidy
    assert str(parse(crowded)) == crowded


def test_a_day_list_too_long_to_be_written_as_phases_is_refused():
    assert parse("".join(f"D{day}" for day in range(200))).session_count == 200

    with pytest.raises(CadenceError, match="too many days"):
        parse("".join(f"D{day}" for day in range(277)))


def test_an_error_survives_the_way_between_processes():
    error = CadenceError(7, "a unit (d, w or mo)", '"x"')

    copy = pickle.loads(pickle.dumps(error))

    assert (str(copy), copy.position) == ('cadence, character 7: expected a unit (d, w or mo), found "x"', 7)


def test_a_range_aims_at_its_middle_rounded_down():
    assert [parse(text).phases[0].gap.length for text in ("2x4-6w", "2x3-4w", "2x1-2mo")] == [5, 3, 1]


def test_cadences_are_equal_when_their_phases_are():
    assert parse("D0 D7") == parse("1x,1x7d")
    assert parse("4x1w") != parse("4x7d")
    assert parse("1x@30, 1x1w") != parse("1x@30, 1x1w@30")
    assert len({parse("4x1w"), parse(" 4x1w")}) == 1


def test_sessions_know_their_phase_gap_and_carried_minutes():
    cadence = parse("1x@30, 3x1w@15, 1x2w, *x4-6w@40")

    assert [cadence.phase_number_of(number) for number in (1, 2, 4, 5, 6, 500)] == [1, 2, 2, 3, 4, 4]
    assert [cadence.minutes_in(phase) for phase in (1, 2, 3, 4)] == [30, 15, 15, 40]
    assert [cadence.gap_of(number) for number in (1, 2, 5)] == [None, Gap(1, "w"), Gap(2, "w")]
    assert [cadence.first_session_of(phase) for phase in (1, 2, 3, 4)] == [1, 2, 5, 6]
    assert (cadence.session_count, cadence.is_open_ended) == (None, True)


def test_the_very_first_session_has_no_gap_before_it():
    cadence = parse("4x1w")

    assert cadence.gap_of(1) is None
    assert cadence.gap_of(2) == Gap(1, "w")


def test_a_session_that_is_not_there_is_refused():
    cadence = parse("4x1w")

    assert (cadence.session_count, cadence.has_session(4), cadence.has_session(5)) == (4, True, False)
    for number in (0, 5, -1):
        with pytest.raises(IndexError):
            cadence.phase_number_of(number)
    for phase in (0, 2):
        with pytest.raises(IndexError):
            cadence.first_session_of(phase)


def test_minutes_are_unknown_until_some_are_given():
    assert [parse("1x, 1x1w@20, 1x1w").minutes_in(phase) for phase in (1, 2, 3)] == [None, 20, 20]


def test_sessions_know_the_reviews_they_wait_for():
    cadence = parse("1x!, 2x1w!, 1x1w")

    assert [cadence.gates_before(number) for number in (1, 2, 3, 4)] == [(), (1,), (1,), (1, 2)]


@pytest.mark.parametrize(
    "make",
    [
        lambda: Cadence(()),
        lambda: Cadence((Phase(2),)),
        lambda: Cadence((Phase(1), Phase(1))),
        lambda: Cadence((Phase(None, Gap(1, "w")), Phase(1, Gap(1, "w")))),
        lambda: Cadence((Phase(1, Gap(1, "d")),) * 201),
        lambda: Phase(0),
        lambda: Phase(1000),
        lambda: Phase(True),
        lambda: Phase(1, minutes=0),
        lambda: Phase(None, Gap(1, "w"), gate=True),
        lambda: Gap(0, "d"),
        lambda: Gap(1, "y"),
        lambda: Gap(1, "w", Window(8, 9, "d")),
        lambda: Gap(1, "w", Window(1, 6, "d")),
        lambda: Gap(1, "w", Window(1, 2, "mo")),
        lambda: Gap(4, "w", Window(4, 6, "w"), is_range=True),
        lambda: Gap(1, "w", is_range=True),
        lambda: Window(2, 1, "d"),
        lambda: Window(1, 1, "m"),
    ],
)
def test_a_value_that_no_text_could_say_cannot_be_made(make):
    with pytest.raises(ValueError, match="no cadence"):
        make()


numbers = st.integers(1, 999)
units = st.sampled_from(["d", "w", "mo"])


@st.composite
def gaps(draw):
    unit, length = draw(units), draw(numbers)
    shape = draw(st.sampled_from(["plain", "range", "window"]))
    if shape == "plain":
        return Gap(length, unit)
    if shape == "range":
        return Gap.between(length, draw(st.integers(length, 999)), unit)
    return Gap(length, unit, Window(draw(st.integers(1, length)), draw(st.integers(length, 999)), unit))


@st.composite
def cadences(draw):
    minutes, gates = st.none() | numbers, st.booleans()
    opening = draw(st.builds(Phase, st.just(1), st.none(), minutes, gates))
    later = draw(st.lists(st.builds(Phase, numbers, gaps(), minutes, gates), max_size=6))
    tail = draw(st.lists(st.builds(Phase, st.none(), gaps(), minutes), max_size=1))
    phases = later + tail if draw(gates) and (later or tail) else [opening, *later, *tail]
    return Cadence(tuple(phases))


@settings(max_examples=150)
@given(cadences())
def test_every_cadence_is_read_back_from_its_text(cadence):
    assert parse(format(cadence)) == cadence
    assert format(parse(format(cadence))) == format(cadence)


@settings(max_examples=300)
@given(st.text(alphabet="0123 49x*dwmo[]-@!, D\tz", max_size=30) | st.text(max_size=20))
def test_any_text_is_a_cadence_or_has_one_fault_inside_it(text):
    cadence, fault = None, None
    try:
        cadence = parse(text)
    except CadenceError as error:
        fault = error

    if fault is None:
        assert parse(format(cadence)) == cadence
    else:
        assert 1 <= fault.position <= len(text) + 1
        assert str(fault).isprintable()


@settings(max_examples=150)
@given(cadences(), st.integers(1, 5000))
def test_phases_share_out_the_sessions(cadence, number):
    if not cadence.has_session(number):
        assert number > cadence.session_count
        return

    phase = cadence.phase_number_of(number)

    assert cadence.first_session_of(phase) <= number
    assert phase == len(cadence.phases) or number < cadence.first_session_of(phase + 1)


def test_a_window_may_be_a_single_day():
    assert format(parse("1x, 3x1w[7-7d]")) == "1x, 3x1w[7-7d]"


@pytest.mark.parametrize(("typed", "found"), [("9" * 12, f'"{"9" * 12}"'), ("9" * 13, f'"{"9" * 12}…"')])
def test_a_fault_quotes_at_most_twelve_characters(typed, found):
    with pytest.raises(CadenceError) as error:
        parse(f"1x, {typed}x1w")

    assert str(error.value).endswith(f"found {found}")


def test_a_day_list_may_fill_a_cadence_to_its_last_character_and_no_more():
    gaps = [1] * 196 + [10] * 3  # as phases: 2 + 196 * 5 + 3 * 6 characters, which is 1000
    days, at = ["D0"], 0
    for gap in gaps:
        at += gap
        days.append(f"D{at}")

    assert len(format(parse(" ".join(days))).replace(" ", "")) == 1000
    with pytest.raises(CadenceError):
        parse(" ".join([*days, f"D{at + 1}"]))
