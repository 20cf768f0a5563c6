"""Say how long files are kept: a dated, sourced row a kind of patient, changed where the same day has one."""

from datetime import date
from typing import Any

from django.db import transaction

from mesoclinic.core import audit
from mesoclinic.core.checking import check
from mesoclinic.core.models import Clinic, User
from patients.models import RetentionRule

FIELDS = ("keep_years", "until_birthday", "after_death_years", "source")


@transaction.atomic
def set_retention(
    *, actor: User | None, clinic: Clinic, applies_to: str, since_on: date, **fields: Any
) -> RetentionRule:
    """Enter a period, or change the one that begins the same day. Raises Refused("not-valid")."""
    rows = RetentionRule.objects.select_for_update().filter(clinic=clinic)
    rule = rows.filter(applies_to=applies_to, since_on=since_on).first()
    rule = rule or RetentionRule(clinic=clinic, applies_to=applies_to, since_on=since_on)
    before = {name: getattr(rule, name) for name in FIELDS}
    for name in FIELDS:
        setattr(rule, name, fields.get(name))
    rule.set_by = actor
    check(rule, but=["clinic", "set_by"])
    rule.save()
    audit.record(actor=actor, verb="retention.set", subject=rule, changes=audit.changed(rule, before))
    return rule
