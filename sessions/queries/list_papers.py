"""What the day list and the log of a file say on paper, in the language of the moment."""

from collections.abc import Sequence
from datetime import date

from django.utils.timezone import localtime
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from mesoclinic.core.models import AuditEvent, Site, User
from mesoclinic.core.wording import date_format
from patients.models import Patient
from sessions.models import Appointment
from sessions.printing.lists import ListPaper
from sessions.printing.pieces import joined
from sessions.printing.words import ENGLISH, print_day
from sessions.queries.contacts import Contact, contacts_of
from sessions.queries.paper import letterhead, paper_of, paper_size


def day_paper(
    site: Site, on: date, visits: Sequence[Appointment], *, filters: str, closed_for: str | None, by: User, today: date
) -> ListPaper:
    """Give the paper of a day's visits; of a restricted file it says no more than the page. Two SQL statements."""
    reached = contacts_of({one.patient for one in visits if one.patient and not one.patient.is_restricted}, on)
    closed = _("The clinic is closed on this day. %(closed_for)s") % {"closed_for": closed_for}
    heads = (_("Time"), _("Patient"), _("What for"), joined([_("With"), _("Where")]), _("Status"))
    return ListPaper(
        kind=_("Day list"),
        title=date_format(on, "l j F Y"),
        below=filters,
        heads=[(said, "left") for said in heads],
        rows=[_visit_row(one, site, reached) for one in visits],
        nothing=_("No visits on this day."),
        note="" if closed_for is None else closed.strip(),
        **_frame(site, by, today),
    )


def log_paper(patient: Patient, events: Sequence[AuditEvent], total: int, *, site: Site, by: User) -> ListPaper:
    """Give the paper of who did what with a file, of events that have their words. One SQL statement."""
    heads = (_("When"), _("Who"), _("What"), _("Details"))
    left_out = _("These are the latest %(shown)d of %(total)d entries. The whole list can be had as CSV or XLSX.")
    return ListPaper(
        kind=_("Access log"),
        title=patient.name,
        below=joined(
            [
                _("File %(number)s") % {"number": patient.number},
                _("Everybody who opened, printed or changed this file."),
            ]
        ),
        heads=[(said, "left") for said in heads],
        rows=[_event_row(one) for one in events],
        nothing=_("Nothing like that happened."),
        note=left_out % {"shown": len(events), "total": total} if total > len(events) else "",
        **_frame(site, by, localtime().date()),
    )


def _frame(site: Site, by: User, today: date) -> dict:
    clinic, words = site.clinic, {"months": _(ENGLISH["months"])}
    paper = paper_of(clinic)
    return {
        "clinic": letterhead(clinic, site, paper),
        "printed": _(ENGLISH["printed_by"]).format(day=print_day(today, words), who=str(by)),
        "page_of": _(ENGLISH["page_of"]),
        "printed_on": today,
        "language": (get_language() or "en").split("-")[0],
        "paper": paper_size(clinic, paper),
    }


def _visit_row(visit: Appointment, site: Site, reached: dict[int, Contact]) -> list[str]:
    starts, ends = visit.starts_at.astimezone(site.zone), visit.ends_at.astimezone(site.zone)
    session = f" {visit.planned_session.number}" if visit.planned_session else ""
    where = visit.place or visit.room
    return [
        f"{starts:%H:%M}–{ends:%H:%M}",
        _who(visit, reached),
        "\n".join(
            part for part in (f"{visit.get_kind_display()}{session}", visit.listed_reason, visit.listed_note) if part
        ),
        "\n".join([visit.practitioner.name, *([where.name] if where else [])]),
        str(visit.get_status_display()),
    ]


def _who(visit: Appointment, reached: dict[int, Contact]) -> str:
    if visit.patient is None:
        return "–"
    said = [str(visit.patient.species)]
    if contact := reached.get(visit.patient_id):
        said += [contact.who, contact.phone if contact.may_call else ""]
    return f"{visit.patient.listed_name}\n{joined(said)}"


def _event_row(event: AuditEvent) -> list[str]:
    details = (event.about, event.reason, *event.told)
    return [
        date_format(localtime(event.at), "j M Y, H:i"),
        event.actor_name or _("the program"),
        event.words,
        "\n".join(part for part in details if part),
    ]
