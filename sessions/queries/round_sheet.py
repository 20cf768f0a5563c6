"""The sheet of a round: its visits in order, what each mix needs, and the lots to bring from the stock."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Prefetch, Q
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from mesoclinic.core.models import Site, User
from mesoclinic.core.wording import date_format, with_colon
from patients.models import Flag, Patient, PatientParty
from protocols.models import Lot, ProtocolLine
from protocols.queries import lots
from sessions.models import Appointment, Round
from sessions.printing.round_sheet import SHEET_WORDS, RoundSheet, SheetLot, SheetMix, SheetStop, SheetSupply
from sessions.printing.words import Words
from sessions.queries.paper import letterhead, paper_of, paper_size
from sessions.queries.report_words import decimal_words

RIGHT_TO_MIXES = "protocols.view_protocol"


def sheet_words() -> Words:
    return {key: _(text) for key, text in SHEET_WORDS.items()} | decimal_words()


def round_sheet(one: Round, *, printed_by: User, today: date) -> tuple[RoundSheet, list[Patient]]:
    """Give the sheet of a round's live visits, restricted files left out, and whose files are on it. At most ten SQL statements.

    Without the right to see mixes neither they nor lots are on it.
    """
    visits = _visits(one, today)
    sees_mixes = printed_by.has_perm(RIGHT_TO_MIXES)
    sheet = _head(one, visits, printed_by, today)
    stops = tuple(_stop(visit, one.site, sees_mixes=sees_mixes) for visit in visits)
    open_ones = [visit for visit in visits if visit.status != Appointment.Status.FULFILLED]
    supplies = _supplies(one, open_ones) if sees_mixes else None
    return replace(sheet, stops=stops, supplies=supplies), [visit.patient for visit in visits]


def _visits(one: Round, today: date) -> list[Appointment]:
    current = Q(until_on__isnull=True) | Q(until_on__gte=today)
    lines = ProtocolLine.objects.select_related("substance").order_by("position")
    parties = PatientParty.objects.filter(current, from_on__lte=today, role="owner").select_related("party")
    flags = Flag.objects.filter(current, since_on__lte=today).select_related("substance")
    names = ("patient__species", "planned_session__course__indication")
    rows = Appointment.objects.live().filter(round=one, patient__restricted_at__isnull=True)
    rows = rows.select_related(*names, "planned_session__course__protocol_version__protocol")
    rows = rows.prefetch_related(
        Prefetch("planned_session__course__protocol_version__lines", lines),
        "patient__identifiers",
        Prefetch("patient__party_links", parties),
        Prefetch("patient__flags", flags),
    )
    return list(rows.order_by("starts_at", "pk"))


def _head(one: Round, visits: list[Appointment], printed_by: User, today: date) -> RoundSheet:
    site, clinic, place = one.site, one.clinic, one.place

    def clock(at: datetime | None) -> str:
        return f"{at.astimezone(site.zone):%H:%M}" if at else ""

    first, last = (visits[0], visits[-1]) if visits else (None, None)
    paper = paper_of(clinic)
    return RoundSheet(
        clinic=letterhead(clinic, site, paper),
        place=place.name,
        on=one.on,
        day=date_format(one.on, "l j F Y"),
        practitioner=one.practitioner.name,
        leave=clock(first and first.leaves_at),
        there=clock(first and first.starts_at),
        until=clock(last and last.ends_at),
        back=clock(last and last.back_at),
        printed_on=today,
        printed_by=str(printed_by),
        address=place.address,
        phone=place.phone,
        about_place=place.note,
        note=one.note,
        language=(get_language() or "en").split("-")[0],
        paper=paper_size(clinic, paper),
    )


def _stop(visit: Appointment, site: Site, *, sees_mixes: bool) -> SheetStop:
    patient, planned = visit.patient, visit.planned_session
    return SheetStop(
        starts=f"{visit.starts_at.astimezone(site.zone):%H:%M}",
        minutes=round((visit.ends_at - visit.starts_at).total_seconds() / 60),
        name=patient.name,
        other_name=patient.registered_name,
        identifiers=tuple(_two_identifiers(patient)),
        stall=patient.stall_note,
        mind=tuple(_flag_words(flag) for flag in patient.flags.all()),
        what=_what(visit, sees_mixes=sees_mixes),
        mix=tuple(_mix(visit)) if sees_mixes and planned else (),
    )


def _two_identifiers(patient: Patient) -> list[str]:
    """Give two facts besides the name: the owner of an animal, a number, the birth day, the file number."""
    owners = [link.party.name for link in patient.party_links.all()] if patient.species.is_animal else []
    numbers = [f"{one.get_scheme_display()} {one.value}" for one in patient.identifiers.all() if one.until_on is None]
    born = [_("born %(day)s") % {"day": date_format(patient.birth_on, "j M Y")}] if patient.birth_on else []
    owned = [_("Owner %(name)s") % {"name": owners[0]}] if owners else []
    return [*numbers[:1], *owned, *born, _("File %(number)s") % {"number": patient.number}][:2]


def _flag_words(flag: Flag) -> str:
    return str(flag)


def _what(visit: Appointment, *, sees_mixes: bool) -> str:
    planned = visit.planned_session
    if planned is None:
        return with_colon(str(visit.get_kind_display()), visit.reason)
    course = planned.course
    said = _("%(what)s, session %(number)s, phase %(phase)s")
    words = said % {"what": str(course.indication), "number": planned.number, "phase": planned.phase}
    return f"{words} · {course.protocol_version}" if sees_mixes else words


def _mix(visit: Appointment) -> Iterable[SheetMix]:
    lines = list(visit.planned_session.course.protocol_version.lines.all())
    several = len({line.syringe for line in lines}) > 1
    for line in lines:
        syringe = line.syringe if several else ""
        yield SheetMix(substance=str(line.substance), volume_ml=line.volume_ml, syringe=syringe)


def _supplies(one: Round, visits: Iterable[Appointment]) -> tuple[SheetSupply, ...]:
    """Add up what the visits still to come need, and take it from the lots first to expire. Two SQL statements."""
    needed: dict[int, Decimal] = {}
    names: dict[int, str] = {}
    for visit in visits:
        if visit.planned_session is None:
            continue
        for line in visit.planned_session.course.protocol_version.lines.all():
            if line.volume_ml:
                needed[line.substance_id] = needed.get(line.substance_id, Decimal(0)) + line.volume_ml
                names[line.substance_id] = str(line.substance)
    stock = lots.pickable_by_substance(one.clinic, one.site, needed, one.on)
    order = sorted(needed, key=lambda pk: names[pk])
    return tuple(_supply(names[pk], needed[pk], stock.get(pk, [])) for pk in order)


def _supply(substance: str, needed_ml: Decimal, stock: Iterable[Lot]) -> SheetSupply:
    missing, taken = needed_ml, []
    for lot in stock:
        if missing <= 0:
            break
        take = min(missing, lot.stock_ml)
        taken.append(SheetLot(lot=lot.number, expires_on=lot.expires_on, take_ml=take))
        missing -= take
    return SheetSupply(substance=substance, needed_ml=needed_ml, lots=tuple(taken), short_ml=missing)
