"""Import a table of protocols as drafts; nobody is treated by one before somebody publishes it."""

from collections.abc import Iterable, Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from mesoclinic.core.models import Clinic, User
from mesoclinic.core.refused import Refused
from mesoclinic.core.tables import Numbered
from protocols.models import ProtocolVersion
from protocols.queries.imports import Outcome, PlannedProtocol, import_plan
from protocols.services.protocols import create_protocol, save_draft, start_next_version


@transaction.atomic
def import_protocols(
    *, actor: User, clinic: Clinic, heads: Sequence[str], rows: Iterable[Numbered], seen: str
) -> list[ProtocolVersion]:
    """Make a draft of every new or changed protocol of a table: all of them, or none.

    `seen` is the digest of the plan somebody agreed to. Raises Refused("changed-meanwhile" | "none" | "too-many").
    """
    Clinic.objects.select_for_update().get(pk=clinic.pk)  # a double click waits here, and finds all of it imported
    plan = import_plan(clinic, heads, rows)
    if plan.digest != seen:
        words = _("Something changed after you looked. Look again at what would happen, then import.")
        raise Refused("changed-meanwhile", words)
    if not plan.to_do:
        raise Refused("none", _("There is nothing new in this file."))
    return [_imported(actor, clinic, one) for one in plan.to_do]


def _imported(actor: User, clinic: Clinic, planned: PlannedProtocol) -> ProtocolVersion:
    read = planned.read
    if planned.outcome == Outcome.NEW or planned.newest is None:
        return create_protocol(actor=actor, clinic=clinic, name=read.name, field=read.medical_field, draft=read.draft)
    begun = start_next_version(actor=actor, protocol=planned.newest.protocol)
    count = begun.edit_count
    return save_draft(
        actor=actor, version=begun, edit_count=count, draft=read.draft, name=read.name, field=read.medical_field
    )
