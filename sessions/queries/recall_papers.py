"""What the letters and the list of a recall say, in the reader's language."""

from datetime import date

from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from mesoclinic.core import languages
from mesoclinic.core.models import User
from mesoclinic.core.wording import with_colon
from patients.models import Patient
from sessions.printing.letters import Letter, Letters
from sessions.printing.words import ENGLISH, Words, print_day
from sessions.queries.paper import letterhead, paper_of, paper_size
from sessions.queries.recall_people import About, Person, Session
from sessions.queries.recalls import RecallSheet
from sessions.recall_workbook import Sheet, Value

FOLLOW_UP_WEEKS = 12  # lesions appeared 1 to 12 weeks after the session; source: DOMAIN section 1.3 (S44)


def letter_words() -> Words:
    return {"months": _(ENGLISH["months"])}


def letters(sheet: RecallSheet, today: date, *, printed_by: User) -> Letters:
    """Give one letter for each person in a language they read, in the order of the phone list. Two statements at most."""
    clinic = sheet.recall.clinic
    paper = paper_of(clinic)
    head = letterhead(clinic, None, paper)
    return Letters(
        clinic=head,
        title=_("Recall of a product that was used in a treatment"),
        printed_on=today,
        letters=tuple(_letter(person, sheet, today, (str(printed_by), head.phone)) for person in sheet.people),
        language=(get_language() or "en").split("-")[0],
        paper=paper_size(clinic, paper),
    )


def _letter(person: Person, sheet: RecallSheet, today: date, sender: tuple[str, str]) -> Letter:
    name, phone = sender
    wishes = (person.who.language, *(about.patient.language for about in person.about))
    language = languages.spoken(*wishes, sheet.recall.clinic.language)
    with override(language):
        return Letter(
            to=(person.who.name, person.who.address),
            subject=_("Recall of a product that was used in a treatment"),
            day=print_day(today, letter_words()),
            page_of=_(ENGLISH["page_of"]),
            language=language,
            paragraphs=_paragraphs(person, sheet, phone),
            about=tuple((about.patient.name, days_said(about)) for about in person.about),
            closing=(name, sheet.recall.clinic.name),
        )


def _paragraphs(person: Person, sheet: RecallSheet, phone: str) -> tuple[str, ...]:
    recall = sheet.recall
    as_received = sorted({lot.number for lot in sheet.lots}) or [recall.number]
    lot = _("lot %(number)s") % {"number": ", ".join(as_received)}
    lot = f"{lot} ({recall.manufacturer})" if recall.manufacturer else lot
    substances = ", ".join(sorted({_(name) for about in person.about for name in about.substances}))
    first = _("A product given in our clinic has been recalled: %(substances)s, %(lot)s. It was used for:")
    signs = _(
        "Please tell us at once of any redness, lump, sore or discharge where the injections were given. Such signs"
        " can appear up to %(weeks)d weeks after a session."
    )
    call = _("Please call us: %(phone)s.") % {"phone": phone} if phone else ""
    return first % {"substances": substances, "lot": lot}, recall.message, signs % {"weeks": FOLLOW_UP_WEEKS}, call


def days_said(about: About) -> str:
    return ", ".join(print_day(day, letter_words()) for day in about.days)


def list_of(sheet: RecallSheet) -> list[Sheet]:
    """Give the workbook's two tables. No statement."""
    return [_people(sheet), _sessions(sheet)]


def _people(sheet: RecallSheet) -> Sheet:
    heads = [_("Name"), _("Phone"), _("E-mail"), _("Address"), _("About"), _("Days"), _("Status"), _("Note")]
    rows: list[list[Value]] = []
    for person in sheet.people:
        last = person.last
        rows.append(
            [
                person.who.name,
                "\n".join(filter(None, [person.who.phone, *(way.phone for way in person.other_ways)])),
                "\n".join(filter(None, [person.who.email, *(way.email for way in person.other_ways)])),
                person.who.address,
                "\n".join(with_colon(about.patient.name, role_said(about)) for about in person.about),
                "\n".join(days_said(about) for about in person.about),
                str(last.get_outcome_display()) if last else _("Still to tell"),
                last.note if last else "",
            ]
        )
    return Sheet(_("People"), heads, rows)


def role_said(about: About) -> str:
    """Say what somebody is to a patient, and when: owner then, owner now, owner then and now."""
    if not about.role:
        return _("the patient")
    if about.was and about.is_now:
        return _("%(role)s then and now") % {"role": about.role}
    return (_("%(role)s then") if about.was else _("%(role)s now")) % {"role": about.role}


def _sessions(sheet: RecallSheet) -> Sheet:
    heads = [_("Day"), _("Patient"), _("File"), _("Substance"), _("Given (mL)"), _("Site"), _("By"), _("Record")]
    return Sheet(_("Sessions"), heads, [_session(one) for one in sheet.sessions])


def lots_corrected_said(one: Session) -> list[str]:
    """Say each lot a correction gave anew, so that nobody takes one of the two for the only one."""
    words = _("lot corrected: %(signed)s → %(right)s")
    return [words % {"signed": signed or "–", "right": right} for signed, right in one.lots_corrected]


def _session(one: Session) -> list[Value]:
    patient: Patient | None = one.patient
    state = _("Withdrawn") if one.is_withdrawn else one.status_label
    state = "; ".join([state, *lots_corrected_said(one)])
    name, number = (patient.name, patient.number) if patient is not None else ("", None)
    return [
        one.on,
        name,
        number,
        ", ".join(_(name) for name in one.lines),
        one.given_ml,
        one.site,
        one.performed_by,
        state,
    ]
