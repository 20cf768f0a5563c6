"""What an attack puts into a field, by what the field asks for; and what a person would have put there."""

from collections.abc import Sequence

from tests.factories import PASSWORD, PDF_SCAN
from tests.web.hostile import Control

Value = str | bytes


class Upload(bytes):
    """A file somebody chose."""

    name = "chosen.csv"


def named(name: str, content: bytes = b"Name\r\nAda\r\n") -> Upload:
    made = Upload(content)
    made.name = name
    return made


LONG = "x" * 10_000
DIGITS = "9" * 30
MANY_DIGITS = "9" * 5000  # more than int() takes
DEEP = "[" * 20_000  # more than a reader of JSON goes down
SURROGATE = b"\xed\xa0\x80"
NOT_UTF8 = b"\xff\xfea"
NOBODY = "00000000-0000-4000-8000-000000000000"

TEXTS = (
    *(
        "",
        "   ",
        "a\x00b",
        SURROGATE,
        NOT_UTF8,
        LONG,
        "🐴🐴",
        "\u202egnirts\u202c",
        "\u200b",
        "\x1b[31m",
        "-1",
        "\ufffe",
    ),
    *("<script>alert(1)</script>", "%s {0} {{ x }}", "a\r\nBcc: x@y", MANY_DIGITS),
)
DAYS = (
    *("2026-02-30", "9999-12-31", "0001-01-01", "10000-01-01", "1899-12-31", "2100-12-31", "2026-W10", "٢٠٢٦-٠٣-٠٢"),
    *("", "\x00", SURROGATE, LONG, "🐴", "31/02/2026", DIGITS, "2026-03-02T10:00"),
)
MOMENTS = (
    *("2026-02-30T10:00", "9999-12-31T23:59", "0001-01-01T00:00", "2026-03-29T02:30", "2026-03-02T25:00", "2026-03-02"),
    *("", "\x00", SURROGATE, LONG, "🐴", "-1", DIGITS, "2026-03-02T10:00+99:00"),
)
TIMES = (
    *(
        "25:00",
        "24:00",
        "23:59:59.999999",
        "-1:00",
        "",
        "\x00",
        SURROGATE,
        LONG,
        "🐴",
        "١٠:٠٠",
        DIGITS,
        "00:00",
        "23:59",
    ),
)
NUMBERS = (
    *(
        "-1",
        "0",
        "-0",
        "1000000",
        "1e400",
        "1e-400",
        "NaN",
        "sNaN",
        "Infinity",
        "٣",
        "²",
        "1,5",
        "1,500",
        "0.0000000001",
    ),
    *(DIGITS, MANY_DIGITS, "", "\x00", SURROGATE, LONG, "1_000", "99999999.99"),
)
CHOICES = ("zzz", "", DIGITS, "-1", "1", "\x00", SURROGATE, LONG, "🐴", NOBODY, "[]", "²", MANY_DIGITS)
HIDDEN = (
    *(NOBODY, "not-a-uuid", "", "-1", DIGITS, MANY_DIGITS, "\x00", SURROGATE, LONG, "²", "null", '["\\ud800", 1e999]'),
    *("[" + "9" * 5000 + "]", DEEP, "9999-12-31T23:59:00+00:00~" + NOBODY),
)
ANOTHER_SCAN = named("chosen.pdf", PDF_SCAN.replace(b"1.4", b"1.7"))  # than the one that is there
FILES = (
    *(Upload(), Upload(b"Name\r\n"), Upload(b"\0\xff" * 500), Upload(b"PK\x03\x04"), Upload(b"\x89PNG\r\n\x1a\n")),
    *(
        Upload(b'Name,Note\r\n"' + LONG.encode()),
        Upload(b"Name" + b"," * 5000),
        Upload(b"\xff\xfeN"),
        Upload(b"[" * 5000),
    ),
    *(
        named(name)
        for name in ("../../etc/x.csv", "a\x00b.csv", f"{LONG[:900]}.csv", "🐴.exe", "\u202evsc.csv", '"; x="')
    ),
)
COUNTS = ("1000000", "-1", "many", "", DIGITS, "\x00", MANY_DIGITS)  # of the rows of a formset
TYPED = {
    "date": DAYS,
    "datetime-local": MOMENTS,
    "time": TIMES,
    "select": CHOICES,
    "radio": CHOICES,
    "checkbox": CHOICES,
    "submit": CHOICES,
    "hidden": HIDDEN,
    "file": FILES,
}


def hostile_values(control: Control) -> Sequence[Value]:
    if control.name.endswith(("TOTAL_FORMS", "INITIAL_FORMS")):
        return COUNTS
    if control.name.endswith(("_NUM_FORMS", "-DELETE", "-ORDER")):
        return COUNTS[-2:]
    if control.mode in ("numeric", "decimal") or control.type == "number":
        return NUMBERS
    return TYPED.get(control.type, TEXTS)


def usual_values(control: Control) -> Sequence[Value]:
    """What a person may have meant, the likeliest first. The clock of the tests stands on Monday 2 March 2026, at eight."""
    if control.choices:
        return [choice for choice in control.choices if choice][:6]
    if control.name.endswith("cadence-text"):
        return ("5x1w",)
    if control.mode in ("numeric", "decimal") or control.type == "number":
        return ("20", "1", "5", "400", "2")
    return {
        "date": ("2026-03-02", "2026-03-09", "2026-03-03", "2027-03-02", "2026-03-01"),
        "datetime-local": ("2026-03-02T07:30",),
        "time": ("10:30", "16:00", "12:15"),
        "email": ("ada@example.org",),
        "tel": ("+33 6 39 98 00 01",),
        "password": (PASSWORD, "quite another horse 7"),
        "file": (Upload(b"Name\r\nAda\r\n"), ANOTHER_SCAN),
    }.get(control.type, ("Example", "250229600123456", "ada", "A1"))
