"""A batch of reports survives killed workers: every report is in the file, and in it once."""

import os
import signal
import zipfile

from django.utils import timezone

from mesoclinic.core import doorbell
from mesoclinic.core.roles import Role
from mesoclinic.core.services import jobs
from sessions.models import BatchReport, ReportBatch
from sessions.services import batches
from tests.factories import make_clinic, make_course, make_patient, make_user
from tests.processes import wait_for
from tests.sessions.booking_world import MONDAY

REPORTS = 60


def made(batch: ReportBatch) -> int:
    return BatchReport.objects.filter(batch=batch, status="made").count()


def their_time_is_over(batch: ReportBatch) -> None:
    """What two minutes without a word from the worker do, and what beat does every minute."""
    ReportBatch.objects.filter(pk=batch.pk).update(free_from=timezone.now() - jobs.HEARD_WITHIN)
    doorbell.send("sessions.print_left_batches")


def test_every_report_is_there_once_whenever_the_worker_is_killed(start_worker):
    clinic = make_clinic()
    course_ids = [make_course(clinic, patient=make_patient(clinic, name=f"Patient {n}")).pk for n in range(REPORTS)]
    worker = start_worker()
    batch = batches.ask_batch(
        actor=make_user(clinic, Role.MANAGER),
        clinic=clinic,
        course_ids=course_ids,
        kind="zip",
        language="en",
        today=MONDAY,
    )
    for share in (5, 20, 40):
        wait_for(lambda least=share: made(batch) >= least, seconds=60, what=f"{share} reports")
        os.killpg(worker.pid, signal.SIGKILL)
        assert made(batch) < REPORTS, "the worker was killed too late to show anything"
        worker = start_worker()
        their_time_is_over(batch)

    wait_for(lambda: ReportBatch.objects.get(pk=batch.pk).status == "done", seconds=60, what="the batch")
    with ReportBatch.objects.get(pk=batch.pk).file.open("rb") as file, zipfile.ZipFile(file) as whole:
        names = whole.namelist()[1:]
    assert len(names) == len(set(names)) == REPORTS
