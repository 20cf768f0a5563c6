"""What every page shows around its content: the navigation a role may use, and the chosen theme."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

THEMES = ("system", "light", "dark")
THEME_COOKIE = "theme"


@dataclass(frozen=True)
class Item:
    """One entry of the navigation; `permission` None means everybody who is signed in."""

    label: str
    url_name: str
    icon: str
    permission: str | None = None


ITEMS = (
    Item(_("Today"), "sessions:today", "house", "sessions.view_schedule"),
    Item(_("Calendar"), "sessions:calendar", "calendar3", "sessions.view_schedule"),
    Item(_("Patients"), "patients:list", "people", "patients.view_patient"),
    Item(_("Courses"), "sessions:courses", "clipboard2-pulse", "sessions.view_schedule"),
    Item(_("Protocols"), "protocols:list", "journal-medical", "protocols.view_protocol"),
    Item(_("Stock"), "protocols:stock", "box-seam", "protocols.view_stock"),
    Item(_("Reports"), "sessions:reports", "bar-chart", "sessions.view_report"),
    Item(_("Settings"), "core:settings", "gear", "core.use_clinic"),
)


def navigation(request: HttpRequest) -> dict:
    """Give every template `nav` (label, url, icon, active) and `theme`."""
    theme = request.COOKIES.get(THEME_COOKIE, "system")
    return {"nav": _entries(request), "theme": theme if theme in THEMES else "system"}


def _entries(request: HttpRequest) -> list[dict]:
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return []
    entries = []
    for item in ITEMS:
        if item.permission and not user.has_perm(item.permission):
            continue
        try:
            url = reverse(item.url_name)
        except NoReverseMatch:
            continue
        entries.append({"label": item.label, "url": url, "icon": item.icon, "active": False})
    _mark_active(entries, request.path)
    return entries


def _mark_active(entries: list[dict], path: str) -> None:
    """Mark the entry with the longest address the path begins with."""
    fitting = [e for e in entries if path == e["url"] or (e["url"] != "/" and path.startswith(e["url"]))]
    if fitting:
        max(fitting, key=lambda entry: len(entry["url"]))["active"] = True
