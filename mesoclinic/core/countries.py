"""The countries of the world, their names in English, and the regions whose public holidays are known."""

from functools import cache
from importlib.resources import files

import holidays


@cache
def countries() -> dict[str, str]:
    """Return names by two-letter code, in the order of the names. Source: iso3166.tab of the tz database."""
    text = (files("tzdata") / "zoneinfo" / "iso3166.tab").read_text(encoding="utf-8")
    pairs = (line.split("\t") for line in text.splitlines() if line and not line.startswith("#"))
    return dict(sorted(((code, name) for code, name in pairs), key=lambda pair: pair[1]))


def holiday_regions(country: str) -> list[str]:
    """List the regions of a country that have public holidays of their own; none for a country nobody knows."""
    return list(holidays.list_supported_countries(include_aliases=False).get(country, []))
