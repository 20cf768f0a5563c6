"""A correction that gives one value of a signed record anew: what it says beside its words, and what it must not say."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from mesoclinic.core.localtime import local_day
from mesoclinic.core.models import User
from mesoclinic.core.refused import Refused
from patients.queries import patients
from patients.services import patients as files
from protocols.dosing import Finding, Level
from protocols.models.recalls import fold_number
from protocols.services import lots
from sessions.models import Addendum, Administration, SessionRecord
from sessions.models.signatures import OF_A_LINE, AddendumKind, Corrected
from sessions.queries import records as reads
from sessions.queries.correction_checks import lot_of
from sessions.queries.corrections import signed_lot
from sessions.queries.record_checks import words_of
from sessions.recording import text_of

COLUMNS = ("field", "corrects", "line", "lot", "value")
LONGEST = 5000
UNUSABLE = ("lot.expired", "lot.beyond_use", "lot.recalled")


@dataclass(frozen=True)
class Correction:
    """The right value of `what` (a `Corrected`), as it would be typed; for one `OF_A_LINE` also which line of the mix."""

    what: str
    value: str
    line_id: int | None = None


def written(record: SessionRecord, correction: Correction, words: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of a correction, beside its other `words`: which value, and a text that names it before and after.

    The stock stays as it was counted: what a lot has lost by it, the next count says. Raises Refused("not-a-correction" |
    "value-needed" | "no-such-line" | "same-value" | "too-long").
    """
    if words["kind"] != AddendumKind.CORRECTION:
        raise Refused("not-a-correction", _("A value is given anew by a correction: choose that above."), field="kind")
    what, value = Corrected(correction.what), correction.value.strip()
    if not value:
        raise Refused("value-needed", _("Write the right value."), field="value")
    line = _line(record, correction) if what in OF_A_LINE else None
    signed = value_of(record, line, what)
    made = list(record.addenda.filter(corrects=what, line=line).order_by("at", "pk"))
    *before, was = [signed, *(one.value for one in made)]
    if made and _same(what, was, value) and _says(what, made[-1], words, line, before[-1]):
        return {name: getattr(made[-1], name) for name in ("text", *COLUMNS)}  # the second click of two
    if _same(what, was, value):
        raise Refused("same-value", _("This is the value that stands there."), field="value")
    return {
        "text": _text(what, words, line, was, value),
        "field": str(what.label),
        "corrects": what,
        "line": line,
        "lot": lot_of(line, value) if line is not None and what == Corrected.LOT else None,
        "value": value,
    }


def said_already(record: SessionRecord, words: Mapping[str, Any]) -> Addendum | None:
    """The addendum that says exactly this. A value may be corrected to and fro: only its last correction counts here."""
    if what := words.get("corrects"):
        last = _last(record, what, words["line"])
        return last if last is not None and all(getattr(last, name) == words[name] for name in words) else None
    return Addendum.objects.filter(record=record, corrects="", **words).first()


def _last(record: SessionRecord, what: str, line: Administration | None) -> Addendum | None:
    return record.addenda.filter(corrects=what, line=line).order_by("-at", "-pk").first()


def value_of(record: SessionRecord, line: Administration | None, what: Corrected) -> str:
    """Write a value as it was signed. One SQL statement for a lot without a number."""
    if line is None:
        return text_of(getattr(record, what))
    return signed_lot(line) if what == Corrected.LOT else text_of(line.given_ml)


def note_weight(actor: User, record: SessionRecord, addendum: Addendum) -> None:
    """Let the weight of the file follow a corrected one, or the next record begins with the wrong weight.

    Nothing is added to a sealed file, nor for a record that was withdrawn: its weight was somebody else's.
    """
    patient = patients.kept(record.patient)
    if addendum.corrects != Corrected.WEIGHT or patient.is_sealed or reads.is_withdrawn(record):
        return
    files.correct_weight(
        actor=actor,
        patient=patient,
        weight_kg=Decimal(addendum.value),
        weighed_on=local_day(record.performed_at, reads.site_of(record).zone),
        is_estimated=record.weight_is_estimated,
        noted_in=record.public_id,
        today=local_day(addendum.at, reads.site_of(record).zone),
    )


def tell_of_lot(record: SessionRecord, addendum: Addendum, findings: Iterable[Finding]) -> None:
    """Tell the manager of a right lot that should not have been given, as at signing."""
    words = [words_of(one) for one in findings if one.level is Level.BLOCK and one.rule in UNUSABLE]
    if addendum.lot is not None and words:
        on = local_day(record.performed_at, reads.site_of(record).zone)
        lots.tell_forced(addendum.lot, on, " ".join([*words, addendum.reason]))


def _says(what: Corrected, last: Addendum, words: Mapping[str, Any], line: Administration | None, was: str) -> bool:
    """Whether the last correction is this one, said by the same signer in the same words."""
    said = (last.by, last.reason, last.text)
    return said == (words["by"], words["reason"], _text(what, words, line, was, last.value))


def _text(what: Corrected, words: Mapping[str, Any], line: Administration | None, was: str, value: str) -> str:
    unit = " mL" if what == Corrected.GIVEN else ""
    said = f"{was or '–'}{unit} → {value}{unit}"
    said = said if line is None else f"{line.substance}: {said}"
    text = f"{said}. {words['text']}" if words["text"] else said
    if len(text) > LONGEST:
        too_long = _("With the value before and after, this is longer than %(most)d characters. Shorten it.")
        raise Refused("too-long", too_long % {"most": LONGEST}, field="text")
    return text


def _line(record: SessionRecord, correction: Correction) -> Administration:
    rows = record.administrations.select_related("substance", "lot")
    line = rows.filter(pk=correction.line_id).first()
    if line is None:
        raise Refused("no-such-line", _("Choose the line of the mix it is of."), field="corrects")
    return line


def _same(what: Corrected, one: str, other: str) -> bool:
    return fold_number(one) == fold_number(other) if what == Corrected.LOT else one == other
