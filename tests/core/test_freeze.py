"""Frozen rows refuse every change, on both engines."""

import pytest
from django.db import IntegrityError, transaction

from mesoclinic.core import audit, freeze
from mesoclinic.core.constraints import violated
from mesoclinic.core.models import AuditEvent
from tests.factories import make_clinic

pytestmark = pytest.mark.django_db


def test_every_freeze_trigger_of_the_migrations_stands_in_the_database():
    assert freeze.expected_triggers()
    assert freeze.expected_triggers() == freeze.installed_triggers()


@pytest.mark.parametrize("change", [lambda rows: rows.update(verb="x"), lambda rows: rows._raw_delete(rows.db)])
def test_an_audit_event_is_neither_changed_nor_deleted(change):
    clinic = make_clinic()
    event = audit.record(actor=None, verb="clinic.opened", subject=clinic)

    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        change(AuditEvent.objects.filter(pk=event.pk))

    assert violated(refusal.value).startswith("core_auditevent_f_")
