"""Found a clinic, with its first site and its first manager."""

from collections.abc import Callable, Sequence
from typing import Any
from zoneinfo import available_timezones

from django.contrib.auth.models import Group
from django.db import models, transaction
from django.utils.translation import gettext as _

from mesoclinic.core import audit
from mesoclinic.core.checking import check
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
    list(Group.objects.select_for_update().order_by("pk"))  # two first pages sent at once take turns
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


@transaction.atomic
def update_clinic(*, actor: User | None, clinic: Clinic, **fields: Any) -> Clinic:
    """Change the name, how to reach it, its language, minutes of visits, the limit of squeezed-in visits, or what is late.

    Raises Refused("not-valid").
    """
    clinic = Clinic.objects.select_for_update().get(pk=clinic.pk)
    changes = _assign(clinic, fields)
    if changes:
        clinic.save(update_fields=list(fields))
        audit.record(actor=actor, verb="clinic.updated", subject=clinic, clinic=clinic, changes=changes)
    return clinic


@transaction.atomic
def set_tolerances(*, actor: User | None, clinic: Clinic, rows: Sequence[tuple[int | None, int, int]]) -> Clinic:
    """Say how many days early and late a session may be, by the length of its gap: (up to days, early, late).

    One row has no upper end (None), for every longer gap. Raises Refused("bad-tolerances") about the `field` of the rows
    whose places, from 0, are `details["rows"]`.
    """
    _check_tolerances(rows)
    clinic = Clinic.objects.select_for_update().get(pk=clinic.pk)
    ordered = sorted(([end or 0, early, late] for end, early, late in rows), key=lambda row: row[0] or 10_000)
    if ordered != clinic.tolerances:
        before, clinic.tolerances = {"tolerances": clinic.tolerances}, ordered
        clinic.save(update_fields=["tolerances"])
        changes = audit.changed(clinic, before)
        audit.record(actor=actor, verb="clinic.tolerances-set", subject=clinic, clinic=clinic, changes=changes)
    return clinic


@transaction.atomic
def create_site(*, actor: User | None, clinic: Clinic, **fields: Any) -> Site:
    """Make another place of work. Raises Refused("not-valid" | "name-taken")."""
    site = Site(clinic=clinic)
    _assign(site, fields)
    site.save()
    audit.record(actor=actor, verb="site.created", subject=site)
    return site


@transaction.atomic
def update_site(*, actor: User | None, site: Site, **fields: Any) -> Site:
    """Change a site, or take it out of use; times already booked stay. Raises Refused("not-valid" | "last-site")."""
    Clinic.objects.select_for_update().get(pk=site.clinic_id)
    site = Site.objects.get(pk=site.pk)
    others = Site.objects.filter(clinic_id=site.clinic_id, is_active=True).exclude(pk=site.pk)
    if fields.get("is_active") is False and site.is_active and not others.exists():
        raise Refused("last-site", _("A clinic needs one site in use. Make another first."), field="is_active")
    changes = _assign(site, fields)
    if changes:
        site.save(update_fields=list(fields))
        audit.record(actor=actor, verb="site.updated", subject=site, changes=changes)
    return site


def _check_tolerances(rows: Sequence[tuple[int | None, int, int]]) -> None:
    ends = [end for end, _early, _late in rows]
    if ends.count(None) != 1:
        longest = max(range(len(ends)), key=lambda at: ends[at] or 0, default=None)
        wrong = [at for at, end in enumerate(ends) if end is None] or [at for at in (longest,) if at is not None]
        words = _("Leave “up to” empty in exactly one row: it is for all longer gaps.")
        raise Refused("bad-tolerances", words, field="up_to", rows=wrong)
    if wrong := [at for at, end in enumerate(ends) if ends.count(end) > 1]:
        words = _("Two rows have the same length. Keep one of them.")
        raise Refused("bad-tolerances", words, field="up_to", rows=wrong)
    for field, least, most, place in (("up_to", 1, 999, 0), ("early", 0, 99, 1), ("late", 0, 99, 2)):
        if wrong := [at for at, row in enumerate(rows) if row[place] is not None and not least <= row[place] <= most]:
            words = _("Use lengths of 1 to 999 days, and at most 99 days early or late.")
            raise Refused("bad-tolerances", words, field=field, rows=wrong)


def _assign(row: models.Model, fields: dict[str, Any]) -> list[audit.Change]:
    """Set the fields, ask the model whether they hold, and return what changed. Raises Refused("not-valid")."""
    before = {name: getattr(row, name) for name in fields}
    for name, value in fields.items():
        setattr(row, name, value.strip() if isinstance(value, str) else value)
    check(row)
    return audit.changed(row, before)
