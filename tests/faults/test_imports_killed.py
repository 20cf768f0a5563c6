"""An import of patients survives killed workers, and so does taking it back: nobody is missing, nobody is there twice."""

import os
import signal
from collections import Counter

import pytest
from django.utils import timezone

from mesoclinic.core import doorbell
from mesoclinic.core.services import jobs
from patients.models import Identifier, Patient, PatientImport
from patients.services import imports
from tests.patients.import_world import import_world, table, upload
from tests.processes import wait_for

ROWS = 120


@pytest.fixture
def world(transactional_db):
    return import_world()


def their_time_is_over(one: PatientImport) -> None:
    """What two minutes without a word from the worker do, and what beat does every minute."""
    PatientImport.objects.filter(pk=one.pk).update(free_from=timezone.now() - jobs.HEARD_WITHIN)
    doorbell.send("patients.go_on_with_left_imports")


def status(one: PatientImport) -> str:
    return PatientImport.objects.values_list("status", flat=True).get(pk=one.pk)


def killed_at(worker, start_worker, one: PatientImport, enough, what: str):
    """Kill the worker as soon as it got there, and start another; says it was killed in the middle of its work."""
    wait_for(enough, seconds=240, what=what)
    os.killpg(worker.pid, signal.SIGKILL)
    assert PatientImport.objects.at_work().filter(pk=one.pk).exists(), "the worker was killed too late to show anything"
    worker = start_worker()
    their_time_is_over(one)
    return worker


def test_everybody_is_registered_once_and_goes_once_whenever_the_worker_is_killed(world, start_worker):
    rows = [f"Patient {n},1980-01-01,06 39 98 {n // 100:02} {n % 100:02},K-{n}" for n in range(ROWS)]
    worker = start_worker()
    one = upload(world, table(*rows))
    wait_for(lambda: status(one) == "ready", seconds=240, what="the file to be read")
    imports.run_import(actor=world[1], one=one)
    for share in (5, 40, 80):
        worker = killed_at(
            worker, start_worker, one, lambda least=share: Patient.objects.count() >= least, f"{share} rows"
        )

    wait_for(lambda: status(one) == "done", seconds=240, what="the import")
    assert Patient.objects.count() == ROWS
    assert set(Counter(Identifier.objects.values_list("value", flat=True)).values()) == {1}
    assert set(one.rows.values_list("state", flat=True)) == {"imported"}
    assert one.rows.values("patient").distinct().count() == ROWS

    imports.take_back_import(actor=world[1], one=one)
    for share in (100, 40):
        worker = killed_at(
            worker, start_worker, one, lambda most=share: Patient.objects.count() <= most, f"{share} left"
        )

    wait_for(lambda: status(one) == "undone", seconds=240, what="the import to be taken back")
    assert not Patient.objects.exists()
    assert PatientImport.objects.get(pk=one.pk).taken_back == ROWS
