"""Thin tasks: ids in, one service each, safe to run twice or to be killed."""

from celery import shared_task

from patients.services import imports, searching


@shared_task(name="patients.go_on_with_import", time_limit=600)
def go_on_with_import(import_id: int) -> None:
    """Read an uploaded file of patients, or import what was read."""
    imports.go_on(import_id)


@shared_task(name="patients.go_on_with_left_imports", time_limit=600)
def go_on_with_left_imports() -> None:
    """Go on with the imports no worker holds, and delete what was kept long enough; every minute."""
    imports.sweep()
    imports.expire()


@shared_task(name="patients.index_ended_contacts", time_limit=1200)
def index_ended_contacts() -> None:
    """Let nobody be found by a contact whose last day is over; nightly."""
    searching.index_ended_contacts()
