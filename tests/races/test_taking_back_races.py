"""A visit booked while its patient's import is taken back: the file stays with its visit, or goes and the desk hears it."""

import pytest

from mesoclinic.core.models import AuditEvent
from mesoclinic.core.roles import Role
from patients.models import ImportRow, Patient, PatientImport
from patients.models.imports import ImportStatus
from patients.services import imports
from sessions.models import Appointment
from tests.factories import make_clinic, make_practitioner, make_room, make_user, site_of, work_week
from tests.patients.import_world import imported, table
from tests.races.test_booking_races import PROCESSES, run, times
from tests.sessions.booking_world import NOW

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]

IMPORTS = 12
DESKS = PROCESSES - 1
FILES = 2 * DESKS  # more than a worker takes back in one transaction


@pytest.fixture
def crowd(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    clinic = make_clinic()
    hours = work_week("08:00", "20:00")
    return {
        "clinic": clinic,
        "manager": make_user(clinic, Role.MANAGER),
        "practitioners": [make_practitioner(clinic, hours=hours) for _ in range(DESKS)],
        "rooms": [make_room(clinic) for _ in range(DESKS)],
    }


def contest(crowd, number, starts_at):
    """One import is taken back; every desk books one of its patients, with a practitioner and a room of its own."""
    world = crowd["clinic"], crowd["manager"]
    rows = (f"Patient {number} {row},{1970 + number}-01-{row + 1:02},,{number}-{row}" for row in range(FILES))
    one = imported(world, table(*rows))
    files = [row.patient for row in one.rows.select_related("patient").order_by("position")][::2]
    imports.take_back_import(actor=crowd["manager"], one=one)
    return [
        {"deed": "take-back", "import": one.pk},
        *(
            {
                "deed": "book",
                "site": site_of(crowd["clinic"]).pk,
                "patient": {"pk": file.pk, "name": file.name},
                "practitioner": crowd["practitioners"][desk].pk,
                "room": crowd["rooms"][desk].pk,
                "starts_at": starts_at.isoformat(),
                "now": NOW.isoformat(),
            }
            for desk, file in enumerate(files)
        ),
    ]


def test_a_file_is_taken_back_or_booked_never_half_of_both(crowd):
    contests = [contest(crowd, number, starts_at) for number, starts_at in enumerate(times(IMPORTS))]
    booked_ones = [asked["patient"] for one in contests for asked in one if asked["deed"] == "book"]

    outcomes = run(contests, "taking-back")

    said = {detail[:2] for contest in outcomes for kind, detail in contest if kind == "refused"}
    assert {code for code, _words in said} == {"patient-gone"}
    stayed = set(Patient.objects.filter(clinic=crowd["clinic"]).values_list("pk", flat=True))
    assert set(Appointment.objects.values_list("patient_id", flat=True)) == stayed
    assert {words for _code, words in said} == {
        f"The file of {one['name']} has just been deleted: the import it came with was taken back."
        for one in booked_ones
        if one["pk"] not in stayed
    }
    assert set(ImportRow.objects.filter(state="imported").values_list("patient_id", flat=True)) == stayed
    assert AuditEvent.objects.filter(verb="appointment.booked").count() == len(stayed)
    assert set(PatientImport.objects.values_list("status", flat=True)) == {ImportStatus.UNDONE}
