"""Clinics, people and horses for tests: plain functions that call the services a person would reach."""

import tomllib
from collections.abc import Iterable
from dataclasses import asdict
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from mesoclinic.core.models import Clinic, Site, User
from mesoclinic.core.roles import Role
from mesoclinic.core.services import clinics, users
from patients.models import Consent, ConsentText, Patient, PatientImport
from patients.services import consents, imports, patients
from protocols.models import Category, CompetitionRule, Indication, Lot, ProtocolVersion, Species, Substance, Technique
from protocols.services import competition, lots, mix_rules, pairs, protocols, substances, techniques
from protocols.services.protocols import DraftLine, ProtocolDraft
from sessions.models import (
    Appointment,
    Course,
    PlannedSession,
    Practitioner,
    ReportBatch,
    ReportHandout,
    Room,
    WorkingHours,
)
from sessions.queries.availability import is_open_on
from sessions.services import appointments, availability, batches, courses, plans
from sessions.services.availability import HoursBlock

PASSWORD = "correct horse battery"
PDF_SCAN = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
REGISTERED_ON = date(2026, 1, 1)

_numbers = count(1)


def make_clinic(*, name: str = "", country: str = "FR", time_zone: str = "Europe/Paris") -> Clinic:
    return clinics.found_clinic(name=name or f"Clinic {next(_numbers)}", country=country, time_zone=time_zone)


def site_of(clinic: Clinic) -> Site:
    return Site.objects.get(clinic=clinic)


def make_user(clinic: Clinic, *roles: Role, username: str = "") -> User:
    return users.create_user(
        actor=None,
        clinic=clinic,
        username=username or f"user{next(_numbers)}",
        full_name="",
        roles=roles,
        password=PASSWORD,
    )


# Patients


def make_species() -> dict[str, Species]:
    """The shipped species by code. They belong to no clinic."""
    if known := {row.code: row for row in Species.objects.all()}:
        return known
    shipped = Path(__file__).parent.parent / "protocols" / "catalogue" / "species.toml"
    rows = tomllib.loads(shipped.read_text())["species"]
    return {row["code"]: _species_row(row, position) for position, row in enumerate(rows)}


def _species_row(row: dict, position: int) -> Species:
    traits = {name: row[name] for name in row if name.startswith(("is_", "has_", "majority"))}
    traits["sexes"] = [[sex["code"], sex["name"]] for sex in row["sexes"]]
    traits["weight_range_kg"] = [row["weight_min_kg"], row["weight_max_kg"]]
    return Species.objects.create(
        code=row["code"], name=row["name"], position=position, words=row["words"], traits=traits
    )


def make_patient(clinic: Clinic, species: str = "human", *, name: str = "", actor: User | None = None, **fields):
    """A grown person of 70 kg, or whatever the fields of `register_patient` say."""
    known = make_species()[species]
    person = {"birth_on": date(1980, 5, 17), "weight_kg": Decimal(70)} if species == "human" else {}
    fields = {"registered_on": REGISTERED_ON, **person, **fields}
    number = next(_numbers)
    return patients.register_patient(
        actor=actor, clinic=clinic, species=known, name=name or f"{known.name} {number}", **fields
    )


def make_horse(clinic: Clinic, *, name: str = "", owner: str = "", actor: User | None = None, **fields) -> Patient:
    """A horse of 500 kg, estimated, with its owner."""
    owner = owner or f"Owner {next(_numbers)}"
    fields = {
        "birth_on": date(2015, 4, 2),
        "sex": "gelding",
        "weight_kg": Decimal(500),
        "weight_is_estimated": True,
        "parties": [{"role": "owner", "name": owner, "phone": f"+33 6 39 98 {next(_numbers):04}"}],
        **fields,
    }
    return make_patient(clinic, "horse", name=name, actor=actor, **fields)


def make_consent(patient: Patient, kind: str = "general", *, actor: User | None = None, **fields) -> Consent:
    """A consent given on the day of registration: by the patient, for an animal by somebody for its owner."""
    text, _made = ConsentText.objects.get_or_create(
        clinic=patient.clinic, kind=kind, language="en", version=1, defaults={"title": kind, "body": "I agree."}
    )
    as_what = "agent" if patient.species.is_animal else "patient"
    given = {"given_by_name": "Somebody", "given_as": as_what, "given_on": REGISTERED_ON, **fields}
    return consents.give_consent(actor=actor, patient=patient, text=text, **given)


def make_import(clinic: Clinic, rows: Iterable[str] = ("Somebody New,1970-01-01",)) -> PatientImport:
    """A file of patients, uploaded by the manager and read by a worker: names and birth dates."""
    content = "\n".join(["Name,Birth date", *rows, "Nobody,31/02/1970"]).encode()
    one = imports.upload_import(
        actor=make_user(clinic, Role.MANAGER),
        clinic=clinic,
        file=SimpleUploadedFile("patients.csv", content),
        species=make_species()["human"],
        date_order="day_first",
    )
    imports.go_on(one.pk)
    return PatientImport.objects.get(pk=one.pk)


# Who can be booked, and when

WORKDAYS = range(1, 6)


def next_workday(site: Site, day: date) -> date:
    """The first day from this one on that is neither of a weekend nor a public holiday of the site: any day may be today."""
    is_open = is_open_on(site)
    return next(one for n in range(30) if (one := day + timedelta(days=n)).isoweekday() in WORKDAYS and is_open(one))


def work_week(start: str = "09:00", end: str = "17:00", *, days: Iterable[int] = WORKDAYS, **validity) -> list:
    """Hours from Monday to Friday, or on the ISO weekdays given."""
    return [HoursBlock(day, time.fromisoformat(start), time.fromisoformat(end), **validity) for day in days]


def make_practitioner(
    clinic: Clinic, *, name: str = "", site: Site | None = None, hours: Iterable | None = None, species=(), **fields
) -> Practitioner:
    """A practitioner licensed to inject who works Monday to Friday from nine to five unless told otherwise."""
    fields = {"may_inject": True, "licence_number": "L-1", **fields}
    person = availability.create_practitioner(
        actor=None, clinic=clinic, name=name or f"Dr {next(_numbers)}", species=species, **fields
    )
    # Rows, not the service: every test of a visit makes three people, and what the service checks is tested with it.
    where = {"clinic": clinic, "site": site or site_of(clinic), "practitioner": person}
    rows = [asdict(block) for block in (work_week() if hours is None else hours)]
    WorkingHours.objects.bulk_create(WorkingHours(**where, **row) for row in rows)
    return person


def make_room(clinic: Clinic, *, name: str = "", site: Site | None = None) -> Room:
    return availability.create_room(actor=None, site=site or site_of(clinic), name=name or f"Room {next(_numbers)}")


def make_appointment(
    clinic: Clinic, *, patient: Patient, practitioner: Practitioner, starts_at: datetime, minutes: int = 20, **fields
) -> Appointment:
    """A booked visit, made a day before it begins unless `now` says otherwise."""
    fields = {"actor": None, "site": site_of(clinic), "kind": "session", **fields}
    fields.setdefault("now", starts_at - timedelta(days=1))
    return appointments.book_appointment(
        clinic=clinic, patient=patient, practitioner=practitioner, starts_at=starts_at, minutes=minutes, **fields
    )


# Protocols and stock


def make_substance(
    clinic: Clinic,
    name: str = "",
    *,
    categories: Iterable[str] = ("anaesthetic",),
    species=("human", "horse"),
    **columns,
) -> Substance:
    """A substance of 10 mg/mL for people and horses, an anaesthetic unless told otherwise."""
    known = make_species()
    rows = [Category.objects.get_or_create(code=code, defaults={"name": code.capitalize()})[0] for code in categories]
    columns = {"strength": Decimal(10), "strength_unit": "mg/mL", **columns}
    return substances.create_substance(
        actor=None,
        clinic=clinic,
        name=name or f"Substance {next(_numbers)}",
        categories=rows,
        species=[known[code] for code in species],
        **columns,
    )


def make_pair(clinic: Clinic, first: Substance | None = None, second: Substance | None = None, **columns):
    """A pair of the clinic's own that must not be mixed."""
    given = {"level": "block", "effect": "Turns blue", "source": "Seen here, 3 March 2026", **columns}
    if not given.get("second_class"):
        given["second"] = second or make_substance(clinic)
    return pairs.create_pair(actor=None, clinic=clinic, first=first or make_substance(clinic), **given)


def make_technique(clinic: Clinic, **columns) -> Technique:
    """A technique of the clinic's own, 2 to 4 mm deep."""
    given = {"name": f"Technique {next(_numbers)}", "depth_min_mm": Decimal(2), "depth_max_mm": Decimal(4)}
    given |= {"needs_mix": True, "notes": "", "source": "Decided here", **columns}
    return techniques.create_technique(actor=None, clinic=clinic, **given)


def make_country_note(clinic: Clinic, **columns):
    """A note of the clinic's own on its country's law."""
    text = f"Decree {next(_numbers)}: ask for a second signature for [substance]."
    given = {"country": clinic.country, "level": "warn", "text": text, "source": "Decree, article 4", **columns}
    return mix_rules.create_country_note(actor=None, clinic=clinic, **given)


def make_competition_rule(clinic: Clinic, **columns) -> CompetitionRule:
    """A rule of a body made up for tests: no injection within 12 hours."""
    number = next(_numbers)
    given = {
        "body": f"Body {number}",
        "name": f"Rule {number}",
        "counting": "elapsed_hours",
        "amount": 12,
        "source": "Handbook 2026, page 3",
        "checked_on": date(2026, 1, 5),
    }
    return competition.create_competition_rule(actor=None, clinic=clinic, **{**given, **columns})


def make_protocol_draft(clinic: Clinic, *, name: str = "", cadence: str = "4x1w", species=(), lines=None, **columns):
    """A draft with one base line of 2 mL unless `lines` (of DraftLine) says otherwise."""
    if lines is None:
        lines = [DraftLine(make_substance(clinic), "base", Decimal(2))]
    draft = ProtocolDraft(
        cadence=cadence, lines=tuple(lines), species=tuple(make_species()[code] for code in species), **columns
    )
    return protocols.create_protocol(actor=None, clinic=clinic, name=name or f"Protocol {next(_numbers)}", draft=draft)


def make_protocol_version(
    clinic: Clinic, *, name: str = "", cadence: str = "4x1w", species=(), lines=None, **columns
) -> ProtocolVersion:
    """A published protocol, for any species unless told otherwise."""
    version = make_protocol_draft(clinic, name=name, cadence=cadence, species=species, lines=lines, **columns)
    return protocols.publish_version(actor=None, version=version)


def make_lot(
    clinic: Clinic,
    substance: Substance | None = None,
    *,
    volume_ml: Decimal | int = 100,
    site: Site | None = None,
    **fields,
) -> Lot:
    """A lot with stock at the clinic's site, good until 2030 unless told otherwise."""
    fields = {"number": f"LOT{next(_numbers)}", "expires_on": date(2030, 1, 31), **fields}
    return lots.receive(
        actor=None,
        clinic=clinic,
        site=site or site_of(clinic),
        substance=substance or make_substance(clinic),
        volume_ml=Decimal(volume_ml),
        **fields,
    )


# Courses


def make_indication(clinic: Clinic, *, name: str = "") -> Indication:
    number = next(_numbers)
    names = {"code": f"indication-{number}", "name": name or f"Indication {number}"}
    return Indication.objects.create(clinic=clinic, field="pain", duration="either", **names)


def make_course(
    clinic: Clinic,
    *,
    cadence: str = "4x1w",
    start_on: date | None = None,
    patient: Patient | None = None,
    protocol_version: ProtocolVersion | None = None,
    practitioner: Practitioner | None = None,
    indication: Indication | None = None,
    site: Site | None = None,
    actor: User | None = None,
    now: datetime | None = None,
    plan: bool = True,
    **fields,
) -> Course:
    """A prescribed course, planned unless told otherwise. It begins today, which is `now` or its start day."""
    site = site or site_of(clinic)
    if now is None and start_on is not None:
        now = datetime.combine(start_on, time(8), tzinfo=site.zone)
    now = now or timezone.now()
    course = courses.prescribe_course(
        actor=actor,
        clinic=clinic,
        patient=patient or make_patient(clinic),
        protocol_version=protocol_version or make_protocol_version(clinic, cadence=cadence),
        indication=indication or make_indication(clinic),
        lead_practitioner=practitioner or make_practitioner(clinic, site=site),
        site=site,
        start_on=start_on or now.astimezone(site.zone).date(),
        cadence=cadence,
        now=now,
        **fields,
    )
    if plan:
        plans.plan_sessions(course.pk, now=now)
        course.refresh_from_db()
    return course


def done_session(course: Course, number: int | None = None, *, on: date | None = None) -> PlannedSession:
    """Mark a session done on a day (its due day unless said), without a record, and plan what follows from there."""
    open_rows = course.planned_sessions.exclude(status__in=["done", "skipped"]).order_by("number")
    row = open_rows.get(number=number) if number else open_rows[0]
    on = on or row.due_on
    row.status, row.performed_on = "done", on
    row.save(update_fields=["status", "performed_on"])
    plans.replan_course(course=course, now=datetime.combine(on, time(18), tzinfo=course.site.zone))
    course.refresh_from_db()
    return row


def make_handout(clinic: Clinic, *, course: Course | None = None, **fields) -> ReportHandout:
    """A report that was handed out, its paper only said to be one."""
    values = {
        "variant": "patient",
        "language": "en",
        "recipient": "Ada Byron",
        "purpose": "For the file at home",
        "basis": "request",
        "file_name": "course.pdf",
        "content": b"%PDF-1.7 not much",
        "sha256": "0" * 64,
    }
    if course is None and "record" not in fields:
        course = make_course(clinic)
    return ReportHandout.objects.create(clinic=clinic, course=course, **(values | fields))


def make_batch(clinic: Clinic, **fields) -> ReportBatch:
    """The reports of one course, asked for and not printed yet."""
    fields = {"kind": "zip", "language": "en", "today": REGISTERED_ON, **fields}
    course_ids = [make_course(clinic).pk]
    return batches.ask_batch(actor=make_user(clinic, Role.MANAGER), clinic=clinic, course_ids=course_ids, **fields)
