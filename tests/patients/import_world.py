"""A clinic, its manager, and what they do with a file of patients."""

import io

from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook

from mesoclinic.core.roles import Role
from patients.models import PatientImport
from patients.services import imports
from tests.factories import make_clinic, make_species, make_user

HEADS = "Name,Birth date,Phone,Former file number"
ADA = "Ada Exemple,1968-03-31,06 39 98 00 01,A-1"
BEN = "Ben Modèle,1971-05-02,06 39 98 00 02,A-2"


def import_world():
    make_species()
    clinic = make_clinic()
    return clinic, make_user(clinic, Role.MANAGER)


def upload(world, content, *, species="human", date_order="day_first", name="patients.csv") -> PatientImport:
    clinic, manager = world
    content = content.encode() if isinstance(content, str) else content
    species = make_species()[species]
    file = SimpleUploadedFile(name, content)
    return imports.upload_import(actor=manager, clinic=clinic, file=file, species=species, date_order=date_order)


def checked(world, content, **how) -> PatientImport:
    one = upload(world, content, **how)
    imports.go_on(one.pk)
    one.refresh_from_db()
    return one


def run(world, one, **how) -> PatientImport:
    imports.run_import(actor=world[1], one=one, **how)
    imports.go_on(one.pk)
    one.refresh_from_db()
    return one


def imported(world, content, **how) -> PatientImport:
    return run(world, checked(world, content, **how))


def table(*rows: str) -> str:
    return "\n".join([HEADS, *rows])


def workbook(*rows) -> bytes:
    book, made = Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(made)
    return made.getvalue()


def states(one) -> list[str]:
    return list(one.rows.values_list("state", flat=True))


def faults(one) -> dict[int, list]:
    return {row.position: row.faults for row in one.rows.filter(state="faulty")}
