"""`manage.py plan`: exact keys, exit codes and streams."""

import json
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

ROOT = Path(__file__).resolve().parents[2]
EQUINE = "1x@30, 3x1w@15, 1x2w@30, 1x3w@30, 1x4w@30, *x4-6w@30"


def plan(*arguments):
    out = StringIO()
    call_command("plan", *arguments, stdout=out)
    return out.getvalue()


def plan_json(*arguments):
    return json.loads(plan(*arguments, "--json"))


def test_json_is_a_list_of_objects_with_the_agreed_keys():
    days = plan_json("1x@30, 1x1w!, 1x2w", "--start", "2026-03-02", "--until", "2026-03-31")

    assert days == [
        {
            "number": 1,
            "phase": 1,
            "due_on": "2026-03-02",
            "earliest_on": "2026-03-02",
            "latest_on": "2026-03-02",
            "minutes": 30,
            "held": False,
            "late": False,
        },
        {
            "number": 2,
            "phase": 2,
            "due_on": "2026-03-09",
            "earliest_on": "2026-03-08",
            "latest_on": "2026-03-12",
            "minutes": 30,
            "held": False,
            "late": False,
        },
        {
            "number": 3,
            "phase": 3,
            "due_on": "2026-03-23",
            "earliest_on": "2026-03-21",
            "latest_on": "2026-03-29",
            "minutes": 30,
            "held": True,
            "late": False,
        },
    ]
    assert list(days[0]) == ["number", "phase", "due_on", "earliest_on", "latest_on", "minutes", "held", "late"]


def test_the_example_of_the_founding_text():
    days = plan_json(EQUINE, "--start", "2026-03-02", "--until", "2026-12-31")

    assert [day["due_on"][5:] for day in days] == (
        [
            "03-02",
            "03-09",
            "03-16",
            "03-23",
            "04-06",
            "04-27",
            "05-25",
            "06-29",
            "08-03",
            "09-07",
            "10-12",
            "11-16",
            "12-21",
        ]
    )


def test_only_named_days_are_closed():
    days = plan_json(
        "4x1w", "--start", "2026-03-30", "--until", "2026-12-31", "--closed", "2026-04-06", "--closed", "2026-04-13"
    )

    assert [day["due_on"] for day in days] == ["2026-03-30", "2026-04-07", "2026-04-14", "2026-04-20"]


def test_minutes_are_null_where_none_is_given():
    assert plan_json("1x", "--start", "2026-03-02", "--until", "2026-03-02")[0]["minutes"] is None


def test_until_is_inclusive_and_may_be_ten_years_after_the_start():
    assert len(plan_json("2x1w", "--start", "2026-03-02", "--until", "2026-03-09")) == 2
    assert len(plan_json("2x1w", "--start", "2026-03-02", "--until", "2026-03-08")) == 1
    assert len(plan_json("2x1w", "--start", "2026-03-02", "--until", "2036-03-02")) == 2


def test_nothing_is_due_before_the_start():
    assert plan_json("4x1w", "--start", "2026-03-02", "--until", "2026-03-01") == []
    assert "No session" in plan("4x1w", "--start", "2026-03-02", "--until", "2026-03-01")


def test_the_table_is_for_people():
    table = plan("1x!, 1x1w", "--start", "2026-03-02", "--until", "2026-03-31").splitlines()

    assert table[0].split() == ["No.", "Phase", "Due", "Earliest", "Latest", "Minutes"]
    assert table[2].split() == ["2", "2", "Mon", "2026-03-09", "2026-03-08", "2026-03-12", "held", "for", "review"]


def test_the_end_of_the_calendar_is_no_error():
    assert [day["due_on"] for day in plan_json("*x1w", "--start", "9999-12-20", "--until", "9999-12-31")] == [
        "9999-12-20",
        "9999-12-27",
    ]


BAD = [
    (
        ["1x,3x1x", "--start", "2026-03-02", "--until", "2026-12-31"],
        'character 7: expected a unit (d, w or mo), found "x"',
    ),
    (["4x1w\n", "--start", "2026-03-02", "--until", "2026-12-31"], "character 5"),
    (["", "--start", "2026-03-02", "--until", "2026-12-31"], "character 1"),
    (["4x1w", "--start", "2026-02-30", "--until", "2026-12-31"], "--start"),
    (["4x1w", "--start", "20260302", "--until", "2026-12-31"], "--start"),
    (["4x1w", "--start", "2026-W10-1", "--until", "2026-12-31"], "--start"),
    (["4x1w", "--start", "٢٠٢٦-03-02", "--until", "2026-12-31"], "--start"),
    (["4x1w", "--start", "2026-03-02", "--until", "10000-01-01"], "--until"),
    (["4x1w", "--start", "2026-03-02", "--until", "2036-03-03"], "ten years"),
    (["4x1w", "--start", "2026-03-02", "--until", "2026-12-31", "--closed", "a\nb"], "--closed"),
    (["4x1w", "--start", "2026-03-02"], "--until"),
    (["4x1w", "--start", "2026-03-02", "--until", "2026-12-31", "--open", "x"], "--open"),
    (["--start", "2026-03-02", "--until", "2026-12-31"], "cadence"),
]


@pytest.mark.parametrize(("arguments", "words"), BAD)
def test_a_bad_cadence_or_date_is_refused_with_exit_code_2(arguments, words):
    out = StringIO()
    with pytest.raises(CommandError) as caught:
        call_command("plan", *arguments, stdout=out)

    assert caught.value.returncode == 2
    assert words in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
    assert out.getvalue() == ""


@pytest.mark.parametrize(
    ("arguments", "code", "error"),
    [
        (["4x1w", "--start", "2026-03-02", "--until", "2026-12-31", "--json"], 0, ""),
        (
            ["1x,3x1x", "--start", "2026-03-02", "--until", "2026-12-31"],
            2,
            'cadence, character 7: expected a unit (d, w or mo), found "x"\n',
        ),
        (
            ["4x1w", "--start", "x", "--until", "2026-12-31"],
            2,
            "argument --start: 'x' is not a day such as 2026-03-02\n",
        ),
        (["4x1w"], 2, "the following arguments are required: --start, --until\n"),
        (
            ["4x1w", "--start", "2026-03-02", "--until", "2026-12-31", "--settings", "nope"],
            2,
            "There are no settings 'nope': say for example mesoclinic.settings.dev\n",
        ),
    ],
)
def test_from_the_shell_an_error_is_one_line_and_nothing_on_stdout(arguments, code, error, tmp_path):
    environment = {**os.environ, "DATABASE_URL": f"sqlite:///{tmp_path}/none/there.sqlite3"}

    run = subprocess.run(
        [sys.executable, "manage.py", "plan", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (run.returncode, run.stderr) == (code, error)
    assert bool(run.stdout) is (code == 0)
