"""An import is taken back as long as nothing was done with its patients; who stays is named with the reason."""

import pytest
from django.db import IntegrityError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from mesoclinic.core.models import AuditEvent
from mesoclinic.core.refused import Refused
from mesoclinic.core.roles import Role
from patients.models import Flag, Party, Patient, PatientImport, SearchWord
from patients.models.imports import ImportStatus
from patients.queries.taking_back import SHOWN, fate_of
from patients.services import imports, merging, patients
from patients.services.imports import taking_back
from tests.factories import make_course, make_patient, make_user
from tests.patients.import_world import ADA, BEN, checked, import_world, imported, states, table
from tests.shared import shared

pytestmark = pytest.mark.django_db
OWNED = "Name,Owner,Owner phone,Allergies\nStar,Anne Propriétaire,06 39 98 00 09,latex"


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@shared
def world():
    return import_world()


def taken_back(world, one) -> PatientImport:
    imports.take_back_import(actor=world[1], one=one)
    imports.go_on(one.pk)
    one.refresh_from_db()
    return one


def names(world) -> list[str]:
    return sorted(Patient.objects.filter(clinic=world[0]).values_list("name", flat=True))


def test_everybody_goes_with_all_that_came_with_them_and_it_is_written_down(world):
    before = make_patient(world[0], name="Here before")
    one = imported(world, table(ADA, BEN))
    keys = list(one.rows.values_list("patient_id", flat=True))

    taken_back(world, one)

    assert names(world) == ["Here before"]
    assert (one.status, one.taken_back, states(one)) == (ImportStatus.UNDONE, 2, [])
    assert set(SearchWord.objects.values_list("patient_id", flat=True)) == {before.pk}
    assert not Patient.history.filter(id__in=keys).exists()
    assert AuditEvent.objects.filter(verb="patient.taken-back", patient_id__in=keys, actor=world[1]).count() == 2
    assert not AuditEvent.objects.filter(patient_id__in=keys).exclude(subject_text="").exists()
    assert AuditEvent.objects.get(verb="import.taken-back").reason == "2"


def test_contacts_and_flags_go_too_but_not_a_contact_of_somebody_else(world):
    one = imported(world, OWNED, species="horse")
    mine = Party.objects.get()
    other = imported(world, "Name,Owner,Owner phone\nMoon,Anne Propriétaire,06 39 98 00 09", species="horse")

    taken_back(world, one)

    assert Party.objects.get() == mine
    assert Party.objects.get().name == "Anne Propriétaire"
    assert not Flag.objects.exists()
    assert not Flag.history.exists()
    taken_back(world, other)
    assert "Anne" not in Party.objects.get().name


def an_edit(world, patient):
    patients.update_patient(actor=world[1], patient=patient, name="Ada Corrected")


def a_merge(world, patient):
    merging.merge_patient(actor=world[1], patient=patient, into=make_patient(world[0], name="Other"))


def being_merged_into(world, patient):
    merging.merge_patient(actor=world[1], patient=make_patient(world[0], name="Other"), into=patient)


def a_course(world, patient):
    make_course(world[0], patient=patient)


def an_allergy(world, patient):
    patients.set_allergies(actor=world[1], patient=patient, status="none_known")


@pytest.mark.parametrize("deed", [an_edit, a_merge, being_merged_into, a_course, an_allergy])
def test_what_was_done_with_a_file_since_keeps_it_and_is_said_with_its_name(world, deed):
    one = imported(world, table(ADA, BEN))
    ada = one.rows.order_by("position")[0].patient
    deed(world, ada)

    fate = fate_of(one)
    taken_back(world, one)

    assert (fate.going_count, fate.staying_count) == (1, 1)
    assert [file.patient.pk for file in fate.staying] == [ada.pk]
    assert fate.staying[0].reason
    assert Patient.objects.filter(pk=ada.pk).exists()
    assert "Ben Modèle" not in names(world)
    assert (one.taken_back, states(one)) == (1, ["imported"])


def test_only_looking_at_a_file_does_not_keep_it(world):
    one = imported(world, table(ADA))
    browser = Client()
    browser.force_login(world[1])
    assert browser.get(reverse("sessions:patient", args=[Patient.objects.get().public_id])).status_code == 200
    assert AuditEvent.objects.filter(verb="patient.opened").exists()

    taken_back(world, one)

    assert names(world) == []


@pytest.mark.parametrize("fault", [None, IntegrityError])
def test_what_was_being_written_into_a_file_taken_back_meanwhile_is_no_broken_page(world, monkeypatch, fault):
    """The row is looked for and gone, or the database misses it as what points at it is committed."""
    one = imported(world, table(ADA))
    real = patients.set_allergies

    def too_late(**asked):
        taken_back(world, one)
        if fault is not None:
            raise fault("FOREIGN KEY constraint failed")
        return real(**asked)

    monkeypatch.setattr(patients, "set_allergies", too_late)
    browser = Client()
    browser.force_login(make_user(world[0], Role.PRACTITIONER))
    address = reverse("patients:set-allergies", args=[Patient.objects.get().public_id])

    answer = browser.post(address, {"status": "none_known", "asked_on": timezone.localdate().isoformat()})

    assert answer.status_code == 404
    assert "It may have been moved or taken away" in answer.text
    assert names(world) == []


def test_a_fault_that_is_no_deleted_file_is_not_hidden(world, monkeypatch):
    imported(world, table(ADA))

    def breaks(**_asked):
        raise IntegrityError("something else")

    monkeypatch.setattr(patients, "set_allergies", breaks)
    browser = Client()
    browser.force_login(make_user(world[0], Role.PRACTITIONER))

    with pytest.raises(IntegrityError):
        browser.post(
            reverse("patients:set-allergies", args=[Patient.objects.get().public_id]),
            {"status": "none_known", "asked_on": timezone.localdate().isoformat()},
        )


def test_a_file_imported_before_this_was_kept_stays(world):
    one = imported(world, table(ADA))
    one.rows.update(audited_to=None)

    with pytest.raises(Refused) as refused:
        imports.take_back_import(actor=world[1], one=one)

    assert refused.value.code == "none"
    assert fate_of(one).staying_count == 1
    one.refresh_from_db()
    assert one.status == ImportStatus.DONE


def test_a_double_click_takes_back_once(world):
    one = imported(world, table(ADA, BEN))

    imports.take_back_import(actor=world[1], one=one)
    imports.take_back_import(actor=world[1], one=one)
    imports.go_on(one.pk)
    imports.go_on(one.pk)

    one.refresh_from_db()
    assert one.taken_back == 2
    assert AuditEvent.objects.filter(verb="import.undo-started").count() == 1
    assert AuditEvent.objects.filter(verb="patient.taken-back").count() == 2
    with pytest.raises(Refused):
        imports.take_back_import(actor=world[1], one=one)


def test_what_is_not_over_is_cancelled_first_and_then_taken_back(world):
    one = checked(world, table(ADA, BEN))
    with pytest.raises(Refused) as refused:
        imports.take_back_import(actor=world[1], one=one)
    assert refused.value.code == "not-over"


def test_the_same_file_can_be_imported_again_and_another_that_waited_has_its_rows_anew(world):
    one = imported(world, table(ADA))
    waiting = checked(world, table(ADA, BEN))
    assert states(waiting) == ["here", "new"]

    taken_back(world, one)

    assert states(waiting) == ["new", "new"]
    again = imported(world, table(ADA))
    assert states(again) == ["imported"]


def test_a_worker_that_stops_half_way_is_followed_by_another_that_takes_back_the_rest(world, monkeypatch):
    monkeypatch.setattr(taking_back, "FILES_A_STEP", 1)
    one = imported(world, table(ADA, BEN))
    imports.take_back_import(actor=world[1], one=one)
    real, steps = taking_back._delete, []

    def dies(*args):
        steps.append(args)
        if len(steps) == 2:
            raise KeyboardInterrupt
        real(*args)

    monkeypatch.setattr(taking_back, "_delete", dies)
    with pytest.raises(KeyboardInterrupt):
        imports.go_on(one.pk)
    assert len(names(world)) == 1

    imports.go_on(one.pk)

    one.refresh_from_db()
    assert (names(world), one.taken_back, one.status) == ([], 2, ImportStatus.UNDONE)


def test_the_page_says_who_stays_and_why_then_does_it(world):
    one = imported(world, table(ADA, BEN))
    ada = one.rows.order_by("position")[0].patient
    an_edit(world, ada)
    browser = Client()
    browser.force_login(world[1])
    address = reverse("patients:take-back-import", args=[one.public_id])
    assert address in browser.get(reverse("patients:import", args=[one.public_id])).content.decode()

    said = browser.get(address).content.decode()

    assert "1 patient of this import is deleted" in said
    assert "Ada Corrected" in said
    assert "updated" in said
    assert Patient.objects.count() == 2
    answer = browser.post(address)
    assert answer["Location"] == reverse("patients:import", args=[one.public_id])
    imports.go_on(one.pk)
    assert names(world) == ["Ada Corrected"]
    assert "Taken back" in browser.get(answer["Location"]).content.decode()


@pytest.mark.parametrize("role", [Role.RECEPTION, Role.PRACTITIONER, Role.ADMIN])
def test_only_a_manager_takes_an_import_back(world, role):
    one = imported(world, table(ADA))
    browser = Client()
    browser.force_login(make_user(world[0], role))

    answer = browser.post(reverse("patients:take-back-import", args=[one.public_id]))

    assert answer.status_code == 403
    assert names(world) == ["Ada Exemple"]


def test_the_page_asks_as_often_for_many_as_for_few(world):
    one = imported(world, table(*(f"Patient {n},1980-01-{n:02},,B-{n}" for n in range(1, 21))))
    counts = []
    for some in (1, 20):
        for row in one.rows.order_by("position")[:some]:
            an_allergy(world, row.patient)
        with CaptureQueriesContext(connection) as queries:
            fate = fate_of(one)
        assert fate.staying_count == some
        counts.append(len(queries))

    assert counts[0] == counts[1] <= 3
    assert SHOWN >= 20
