"""What the answer to a request for erasure says, in the reader's language: dated and worded as it was given."""

from datetime import date

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from mesoclinic.core.localtime import local_day
from mesoclinic.core.models import Site
from patients.models import ErasureRequest
from patients.models.erasure import AskedAs
from sessions.printing.letters import Letter, Letters, Part
from sessions.printing.words import ENGLISH, print_day
from sessions.queries import erasure as reads
from sessions.queries.paper import letterhead, paper_of, paper_size
from sessions.queries.recall_papers import letter_words


def letters(request: ErasureRequest, site: Site) -> Letters:
    """Give the one letter, for letters_pdf. One statement."""
    clinic = request.patient.clinic
    paper = paper_of(clinic)
    letter = _letter(request, site)
    return Letters(
        clinic=letterhead(clinic, site, paper),
        title=letter.subject,
        printed_on=local_day(request.at, site.zone),
        letters=(letter,),
        language=(get_language() or "en").split("-")[0],
        paper=paper_size(clinic, paper),
    )


def _letter(request: ErasureRequest, site: Site) -> Letter:
    patient = request.patient
    return Letter(
        to=(request.asked_by_name, request.address),
        subject=_("Your request for erasure"),
        day=_day(local_day(request.at, site.zone)),
        page_of=_(ENGLISH["page_of"]),
        language=(get_language() or "en").split("-")[0],
        paragraphs=(_opening(request), *_why(request), *_from_now_on(request), *_rights()),
        about=((_("Patient"), patient.name), (_("File"), str(patient.number)), (_("Asked on"), _day(request.asked_on))),
        parts=(
            Part(_("Deleted"), _items(request.deleted) or (_("Nothing: the file holds only what must be kept."),)),
            Part(_("Kept"), _items(request.kept)),
        ),
        closing=(str(request.by), request.patient.clinic.name),
    )


def _opening(request: ErasureRequest) -> str:
    words = {
        AskedAs.PATIENT: _("You asked us to erase what we hold about you. We looked at all of it. This is our answer."),
        AskedAs.REPRESENTATIVE: _(
            "You asked us, as legal representative, to erase what we hold about the person named below. We looked at all"
            " of it. This is our answer."
        ),
        AskedAs.OWNER: _(
            "You asked us to erase what we hold about your animal and about you as its owner. We looked at all of it. This"
            " is our answer."
        ),
    }
    return words[AskedAs(request.asked_as)]


def _items(rows: list[dict]) -> tuple[str, ...]:
    """Words, and what a part is kept for; how many there are says nothing to the reader where it is one."""
    found = []
    for line in reads.lines(rows):
        count = f" ({line.count})" if line.count > 1 else ""
        found.append(f"{line.words}{count} – {line.why}" if line.why else f"{line.words}{count}")
    return tuple(found)


def _why(request: ErasureRequest) -> tuple[str, ...]:
    kept = _("What is kept is kept until %(until)s. The rule for such files: %(rule)s. The last entry is of %(last)s.")
    words = {
        "until": _day(request.kept_until_on),
        "rule": rule_words(request.rule),
        "last": _day(request.last_entry_on),
    }
    return kept % words, _("Where this is written: %(source)s.") % {"source": request.source.rstrip(". ")}


def rule_words(rule: dict) -> str:
    """Say a rule as it is kept with the answer."""
    years = rule["keep_years"]
    said = [ngettext("%(n)d year from the last entry", "%(n)d years from the last entry", years) % {"n": years}]
    if birthday := rule.get("until_birthday"):
        said.append(_("at least until the age of %(n)d") % {"n": birthday})
    if death := rule.get("after_death_years"):
        said.append(
            ngettext("at least %(n)d year after death", "at least %(n)d years after death", death) % {"n": death}
        )
    return ", ".join(said)


def _from_now_on(request: ErasureRequest) -> tuple[str, ...]:
    return (
        _(
            "Until then the file is restricted. We use it for no visit, no message and no list. Whoever opens it says why,"
            " and that is written down."
        ),
        _(
            "Once the period is over, whose file it was can be taken out of it. Copies in backups go when the backups do."
        ),
    )


def _rights() -> tuple[str, ...]:
    return (
        _(
            "If you do not agree with this answer, please tell us. You may also complain to the authority that watches over"
            " data protection where you live, or go to court."
        ),
    )


def _day(day: date) -> str:
    return print_day(day, letter_words())
