"""Build the demo in one transaction: the house, the files, the cupboard, the past, today and the weeks to come."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from mesoclinic.core import audit
from mesoclinic.core.models import AuditEvent, Clinic, User
from sessions.services import extending, figures, plans

from .arranged import arrange_competitions, arrange_messages, arrange_rounds
from .files import register_everybody
from .house import PASSWORD, build_house
from .life import play_the_past
from .stock import fill_cupboard
from .today import plan_ahead, play_today
from .world import World

BUILT = "demo.built"


@transaction.atomic
def build_demo(*, now: datetime, password: str = PASSWORD) -> World:
    """Make the demo clinic as of `now`. All or nothing; the caller has looked whether there is room for it."""
    world = build_house(now, password)
    with timezone.override(world.site.zone):
        fill_cupboard(world)
        register_everybody(world)
        lives = play_the_past(world)
        plans.flag_overdue(now=now)
        play_today(world, lives)
        arrange_rounds(world)
        plan_ahead(world, lives)
        arrange_messages(world)
        arrange_competitions(world)
        extending.extend_schedules(now=now)
        figures.count_courses(now=now)
    audit.record(actor=None, verb=BUILT, subject=world.clinic, clinic=world.clinic)
    return world


def built_at() -> datetime | None:
    """When the demo in this database was made, or None."""
    event = AuditEvent.objects.filter(verb=BUILT).order_by("at").first()
    return event.at if event else None


def is_empty() -> bool:
    return not (Clinic.objects.exists() or User.objects.exists())
