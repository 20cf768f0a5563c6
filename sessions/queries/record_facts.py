"""What the mix checks of records need of the database, read together: for one record as for all of a round."""

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import Q

from mesoclinic.core.localtime import local_day
from mesoclinic.core.models import Clinic, Site
from patients.models import Consent, Patient
from patients.queries import consents, patients
from patients.queries.patients import Known
from protocols.dosing import CompetitionRule, MixPatient, MixSubstance
from protocols.models import Lot, ProtocolLine, Substance, Technique
from protocols.queries import lots, recalls, substances
from protocols.queries.lot_warnings import suspicions
from protocols.queries.mix_tables import MixTables, mix_tables
from protocols.queries.mixes import mix_substance
from sessions.models import Administration, SessionRecord
from sessions.queries import records as reads
from sessions.queries.competitions import checked_patients, rules_for
from sessions.queries.corrections import given_lines
from sessions.recording import LineGiven, RecordContent

DAY = timedelta(hours=24)
LATEST_LINES = 100  # of all that was given before, to say what is usual

Given = Mapping[SessionRecord, RecordContent]


@dataclass(frozen=True)
class AtHand:
    """What a page has read before it asks for the facts, by key: the files it is about, and what it offers to choose from."""

    files: Known
    substances: Mapping[int, Substance]
    techniques: Mapping[int, Technique]
    lots: Mapping[Site, Mapping[int, Lot]]  # with their stock there


@dataclass(frozen=True)
class LotFacts:
    """The lots chosen, with their stock at the site, and what is known against them and against typed numbers.

    `received` holds the substances, of lines whose number was typed, of which the clinic ever received a lot.
    """

    stock: Mapping[int, Lot]
    in_use: Mapping[int, date]
    blamed: Mapping[int, int]
    recalled: Container[str]
    by_number: Mapping[str, list[Lot]]
    received: Container[int]


@dataclass(frozen=True)
class RecordFacts:
    """What is known of all checked records of one site at an instant, by the keys of their rows."""

    site: Site
    on: date
    patients: Mapping[int, Patient]  # by record
    others: Mapping[int, list[Administration]]  # by record: given within a day of it, or in its course
    mix_patients: Mapping[int, MixPatient]  # by patient, as the next two
    consents: Mapping[int, Mapping[str, list[Consent]]]
    consents_by_law: Container[str]
    substances: Mapping[int, Substance]
    mix_substances: Mapping[str, Mapping[int, MixSubstance]]  # by species
    planned_ml: Mapping[int, Mapping[int, Decimal]]  # by record and substance: the protocol's, else those of last time
    techniques: Mapping[int | None, Technique]
    lots: LotFacts
    tables: MixTables
    rules: tuple[CompetitionRule, ...]


def record_facts(given: Given, site: Site, at: datetime, at_hand: AtHand | None = None) -> RecordFacts:
    """Read what the checks of records of one clinic and site need to know.

    At most thirty SQL statements, one more where horses compete, whatever the number of records, their lines, sites and
    earlier records; of what is at hand none.
    """
    on, clinic = local_day(at, site.zone), next(iter(given)).clinic
    files = {record.pk: reads.patient_of(record) for record in given}
    treated = list({patient.pk: patient for patient in files.values()}.values())
    kept = at_hand.files if at_hand is not None else patients.known_of(treated)
    checked = checked_patients(treated, on, kept)
    others = _other_lines(given, files, kept, at)
    lines = [line for content in given.values() for line in content.lines]
    mixed = {line.substance_id for line in lines} | {row.substance_id for rows in others.values() for row in rows}
    known = substances.by_id(clinic, mixed, at_hand.substances if at_hand is not None else {})
    return RecordFacts(
        site=site,
        on=on,
        patients=files,
        others=others,
        mix_patients=checked,
        consents=consents.standing_kinds_of(treated, on),
        consents_by_law=consents.kinds_asked_by_law(clinic),
        substances=known,
        mix_substances={
            code: {key: mix_substance(row, species=code) for key, row in known.items()}
            for code in {patient.species.code for patient in treated}
        },
        planned_ml=_planned_volumes(given) | _last_volumes(given, files, kept, at),
        techniques=_techniques(given.values(), at_hand.techniques if at_hand is not None else {}),
        lots=_lot_facts(clinic, site, lines, at_hand.lots.get(site, {}) if at_hand is not None else {}),
        tables=mix_tables(clinic),
        rules=rules_for(checked.values(), clinic.pk),
    )


def _other_lines(
    given: Given, files: Mapping[int, Patient], known: Known, at: datetime
) -> dict[int, list[Administration]]:
    """What each patient was given in the day before or after, or ever in the record's course. Two SQL statements.

    A late entry finds what was given after it and entered first.
    """
    file_ids = known.keys
    courses = {record.course_id for record in given} - {None}
    rows = Administration.objects.filter(record__in=SessionRecord.objects.finished())
    rows = rows.filter(record__patient__in=[key for keys in file_ids.values() for key in keys])
    near = Q(record__performed_at__gt=at - DAY, record__performed_at__lt=at + DAY)
    rows = rows.filter(near | Q(record__course__in=courses))
    by_file: dict[int, list[Administration]] = defaultdict(list)
    for row in given_lines(rows.select_related("record")):
        by_file[row.record.patient_id].append(row)
    return {
        record.pk: [row for key in file_ids[files[record.pk].pk] for row in by_file[key] if _counts(row, record, at)]
        for record in given
    }


def _counts(row: Administration, record: SessionRecord, at: datetime) -> bool:
    same_course = record.course_id is not None and row.record.course_id == record.course_id
    return row.record_id != record.pk and (same_course or row.record.performed_at > at - DAY)


def _planned_volumes(given: Iterable[SessionRecord]) -> dict[int, dict[int, Decimal]]:
    """The volume of each substance that stands once in the protocol of a record's course. One SQL statement."""
    versions = {record.course.protocol_version_id for record in given if record.course is not None}
    found: dict[int, dict[int, list[Decimal]]] = defaultdict(lambda: defaultdict(list))
    for row in ProtocolLine.objects.filter(version__in=versions, volume_ml__isnull=False).order_by():
        found[row.version_id][row.substance_id].append(row.volume_ml)
    return {
        record.pk: {key: ml[0] for key, ml in found[record.course.protocol_version_id].items() if len(ml) == 1}
        for record in given
        if record.course is not None
    }


def _last_volumes(
    given: Given, files: Mapping[int, Patient], known: Known, at: datetime
) -> dict[int, dict[int, Decimal]]:
    """What the patient of a record without a course was given of each substance last. At most two SQL statements."""
    free = [record for record in given if record.course is None]
    if not free:
        return {}
    file_ids = {files[record.pk].pk: known.keys[files[record.pk].pk] for record in free}
    rows = Administration.objects.filter(record__in=SessionRecord.objects.finished())
    rows = rows.filter(record__patient__in=[key for keys in file_ids.values() for key in keys])
    rows = rows.filter(record__performed_at__lte=at).exclude(record__in=free)
    found: dict[int, dict[int, Decimal]] = defaultdict(dict)
    latest = rows.select_related("record").order_by("-record__performed_at", "-pk")[:LATEST_LINES]
    for row in given_lines(latest):
        found[row.record.patient_id].setdefault(row.substance_id, row.given_ml)
    return {
        record.pk: {key: ml for file in file_ids[files[record.pk].pk] for key, ml in found[file].items()}
        for record in free
    }


def _techniques(contents: Iterable[RecordContent], at_hand: Mapping[int, Technique]) -> dict[int | None, Technique]:
    """One SQL statement, none where all are at hand."""
    ids = {key for one in contents for key in (one.technique_id, *(site.technique_id for site in one.sites))}
    missing = ids - {None} - at_hand.keys()
    read = Technique.objects.filter(pk__in=missing) if missing else ()
    return {**at_hand, **{row.pk: row for row in read}}


def _lot_facts(clinic: Clinic, site: Site, lines: list[LineGiven], at_hand: Mapping[int, Lot]) -> LotFacts:
    """Three SQL statements, two where the lots are at hand, none where no lot is chosen; three more where a number is
    typed.
    """
    stock = _chosen_lots(clinic, site, {line.lot_id for line in lines if line.lot_id is not None}, at_hand)
    by_hand = [line for line in lines if line.lot_number and line.lot_id not in stock]
    typed = [line.lot_number for line in by_hand]
    return LotFacts(
        stock=stock,
        in_use=lots.use_until(site, stock),
        blamed=suspicions(stock),
        recalled=recalls.recalled_numbers(clinic, typed),
        by_number=lots.of_numbers(clinic, site, typed),
        received=lots.received_substances(clinic, {line.substance_id for line in by_hand}),
    )


def _chosen_lots(clinic: Clinic, site: Site, ids: set[int], at_hand: Mapping[int, Lot]) -> dict[int, Lot]:
    missing = ids - at_hand.keys()
    read = lots.lots(clinic, site=site).filter(pk__in=missing) if missing else ()
    return {key: at_hand[key] for key in ids & at_hand.keys()} | {lot.pk: lot for lot in read}
