"""What the settings consist of: groups of pages, each shown to those who have its right."""

from dataclasses import dataclass

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.models import User


@dataclass(frozen=True)
class Page:
    """One page of the settings."""

    label: str
    text: str
    url_name: str
    icon: str
    right: str


PAGES: tuple[tuple[str, tuple[Page, ...]], ...] = (
    (
        _("People"),
        (
            Page(_("Users"), _("Who may sign in, and what they may do."), "core:users", "people", "core.change_user"),
            Page(
                _("Practitioners"),
                _("Who treats, which species, and who is licensed to inject."),
                *("sessions:practitioners", "person-badge", "core.change_settings"),
            ),
        ),
    ),
    (
        _("Places"),
        (
            Page(
                _("Clinic"),
                _("Name and address, minutes of visits, squeezed-in visits."),
                *("core:clinic", "building", "core.change_settings"),
            ),
            Page(
                _("Paper"),
                _("Size of the paper, and the logo on reports."),
                *("sessions:paper", "file-earmark-text", "core.change_settings"),
            ),
            Page(
                _("Sites and rooms"),
                _("Where you work: address, time zone, public holidays, rooms."),
                *("sessions:rooms", "door-open", "core.change_settings"),
            ),
            Page(
                _("Stables and homes"),
                _("Where you go: address and minutes to get there."),
                *("patients:places", "geo-alt", "patients.change_place"),
            ),
        ),
    ),
    (
        _("Time"),
        (
            Page(
                _("Weekly hours"),
                _("When practitioners work and the site is open, with breaks."),
                *("sessions:hours", "clock", "core.change_settings"),
            ),
            Page(
                _("Absences"),
                _("Holidays, courses, illness; rooms out of use."),
                *("sessions:absences", "calendar-x", "sessions.change_availability"),
            ),
            Page(
                _("Closed days"),
                _("Days the site is shut, and public holidays you work on."),
                *("sessions:closures", "calendar-event", "sessions.change_availability"),
            ),
            Page(
                _("Days early and late"),
                _("How far from its day a session may be booked."),
                *("core:tolerances", "sliders", "core.change_settings"),
            ),
        ),
    ),
    (
        _("Messages"),
        (
            Page(
                _("Reminders"),
                _("When patients and owners are reminded, and in what words."),
                *("sessions:reminder-settings", "bell", "core.change_settings"),
            ),
            Page(
                _("What to expect"),
                _("What the leaflet for patients and owners says in your own words."),
                *("sessions:leaflet-texts", "chat-dots", "protocols.change_protocol"),
            ),
            Page(
                _("Sent messages"),
                _("What was sent to whom, what waits and what failed."),
                *("sessions:outbox", "envelope", "sessions.use_outbox"),
            ),
        ),
    ),
    (
        _("Oversight"),
        (
            Page(
                _("Access log"),
                _("Who opened, printed or changed what."),
                *("sessions:access-log", "eye", "core.view_access_log"),
            ),
            Page(
                _("Import"),
                _("Bring patients over from another program."),
                *("patients:imports", "upload", "patients.import_patients"),
            ),
            Page(
                _("Consent texts"),
                _("What patients and owners agree to, in which language."),
                *("patients:consent-texts", "file-earmark-text", "patients.write_consent_text"),
            ),
            Page(
                _("Retention"),
                _("How long files are kept, and which are past it."),
                *("sessions:retention", "hourglass-split", "patients.keep_retention"),
            ),
        ),
    ),
    (
        _("You"),
        (
            Page(
                _("Your account"),
                _("Your name, language, password and second factor."),
                *("core:account", "person", "core.use_clinic"),
            ),
            Page(
                _("Your calendar"),
                _("Your visits in the calendar of your telephone or computer."),
                *("sessions:my-calendar", "calendar3", "sessions.view_schedule"),
            ),
        ),
    ),
)


def pages_for(user: User) -> list[tuple[str, list[dict]]]:
    """List the groups with the pages this user may open."""
    groups = []
    for name, pages in PAGES:
        shown = [_drawn(page) for page in pages if user.has_perm(page.right)]
        if shown := [page for page in shown if page]:
            groups.append((name, shown))
    return groups


def _drawn(page: Page) -> dict | None:
    try:
        return {"label": page.label, "text": page.text, "url": reverse(page.url_name), "icon": page.icon}
    except NoReverseMatch:
        return None  # the apps above the core bring theirs
