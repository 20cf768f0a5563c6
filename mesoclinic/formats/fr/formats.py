"""Months are written small, as French does: "22 fév. 2026". The pages ask for M, which Django writes with a capital."""

# Django looks a format up by its name first, and what a page writes out may be such a name.
_DAYS = ("j M", "D j M", "j M Y", "D j M Y")
vars().update({f"{day}{time}": f"{day}{time}".replace("M", "N") for day in _DAYS for time in ("", " H:i", ", H:i")})
