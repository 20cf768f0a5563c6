"""The clinic's rules of sports bodies: add its own, change what was shipped, take one off the list."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from mesoclinic.core import audit
from mesoclinic.core.checking import check
from mesoclinic.core.models import Clinic, User
from mesoclinic.core.refused import Refused
from protocols.models import CompetitionRule
from protocols.services.archiving import set_archived
from protocols.services.codes import free_code

COLUMNS = (
    *("body", "name", "counting", "amount", "applies_to", "keys", "route", "max_mg_per_1000_lb", "text", "note"),
    *("source", "valid_from", "valid_until", "checked_on"),
)


@transaction.atomic
def create_competition_rule(*, actor: User | None, clinic: Clinic, **columns: Any) -> CompetitionRule:
    """Add a rule of the clinic's own. Raises Refused("not-valid" | "no-source" | "no-date")."""
    rule = CompetitionRule(clinic=clinic, is_edited=True)
    rule.code = free_code(CompetitionRule, clinic, f"{columns['body']} {columns['name']}")
    _write(rule, columns)
    audit.record(actor=actor, verb="competition-rule.created", subject=rule)
    return rule


@transaction.atomic
def update_competition_rule(*, actor: User | None, rule: CompetitionRule, **columns: Any) -> CompetitionRule:
    """Change a rule; from then on the shipped catalogue no longer touches it.

    Raises Refused("not-valid" | "no-source" | "no-date").
    """
    rule = CompetitionRule.objects.select_for_update().get(pk=rule.pk)
    before = {name: getattr(rule, name) for name in COLUMNS}
    rule.is_edited = True
    _write(rule, columns)
    audit.record(actor=actor, verb="competition-rule.updated", subject=rule, changes=audit.changed(rule, before))
    return rule


def archive_competition_rule(*, actor: User | None, rule: CompetitionRule, is_archived: bool = True) -> CompetitionRule:
    """Count a rule no longer, or again. Twice does no harm."""
    return set_archived(actor=actor, row=rule, is_archived=is_archived, noun="competition-rule")


def _write(rule: CompetitionRule, columns: dict[str, Any]) -> None:
    unknown = columns.keys() - set(COLUMNS)
    if unknown:
        raise TypeError(f"a rule has no {', '.join(sorted(unknown))}")
    for name, value in columns.items():
        setattr(rule, name, " ".join(value.split()) if name in ("body", "name") else value)
    if not rule.source.strip():
        raise Refused("no-source", _("Say where the rule stands: the text, and its edition."), field="source")
    if rule.checked_on is None:
        raise Refused("no-date", _("Say on which day the rule was compared with its source."), field="checked_on")
    check(rule)
    rule.save()
