"""Found a clinic, with its first site and its first manager."""

from collections.abc import Callable
from zoneinfo import available_timezones

from django.db import transaction
from django.utils.translation import gettext as _

from mesoclinic.core import audit
from mesoclinic.core.models import Clinic, Site, User
from mesoclinic.core.refused import Refused
from mesoclinic.core.roles import Role
from mesoclinic.core.services import users

# What a new clinic begins with, such as its catalogue: the apps above add theirs in `ready()`.
STARTERS: list[Callable[[Clinic], object]] = []


@transaction.atomic
def found_clinic(
    *, name: str, country: str, time_zone: str, language: str = "en", site_name: str = "", site_address: str = ""
) -> Clinic:
    """Make a clinic and the site it begins with (named like the clinic unless said).

    Public holidays are those of its country. Raises Refused("bad-zone") for an unknown time zone.
    """
    if time_zone not in available_timezones():
        raise Refused("bad-zone", _("Choose a time zone from the list, such as Europe/Paris."), field="time_zone")
    clinic = Clinic.objects.create(name=name, country=country, language=language)
    Site.objects.create(
        clinic=clinic, name=site_name or name, address=site_address, time_zone=time_zone, holiday_country=country
    )
    audit.record(actor=None, verb="clinic.founded", subject=clinic, clinic=clinic)
    return clinic


@transaction.atomic
def found_first_clinic(
    *, name: str, country: str, time_zone: str, language: str, full_name: str, username: str, email: str, password: str
) -> User:
    """Make the clinic of an empty installation and its first manager, who is also its admin.

    Raises Refused("already-founded") when there is a user already: the first page works once.
    """
    if User.objects.exists():
        raise Refused("already-founded", _("This installation already has its clinic. Please sign in."))
    clinic = found_clinic(name=name, country=country, time_zone=time_zone, language=language)
    for start in STARTERS:
        start(clinic)
    return users.create_user(
        actor=None,
        clinic=clinic,
        username=username,
        full_name=full_name,
        email=email,
        password=password,
        roles=[Role.MANAGER, Role.ADMIN],
    )
