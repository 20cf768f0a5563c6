"""Numbers as the reader writes them: the words of a language say what stands between whole and part. Pure."""

from collections.abc import Mapping
from decimal import Decimal


def number(value: Decimal | int | None, words: Mapping[str, str] | None = None) -> str:
    """Write a number without trailing zeros or an exponent: 6.5, 10, −2 with a real minus; 6,5 in French."""
    if value is None:
        return ""
    text = f"{Decimal(value):f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    said = "0" if text in ("-0", "") else text.replace("-", "−")
    return said.replace(".", words.get("decimal", ".")) if words else said
