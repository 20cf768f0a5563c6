"""Clinics, people and horses for tests: plain functions that call the services a person would reach."""

from itertools import count

from mesoclinic.core.models import Clinic, Site, User
from mesoclinic.core.roles import Role
from mesoclinic.core.services import clinics, users

PASSWORD = "correct horse battery"

_numbers = count(1)


def make_clinic(*, name: str = "", country: str = "FR", time_zone: str = "Europe/Paris") -> Clinic:
    return clinics.found_clinic(name=name or f"Clinic {next(_numbers)}", country=country, time_zone=time_zone)


def site_of(clinic: Clinic) -> Site:
    return Site.objects.get(clinic=clinic)


def make_user(clinic: Clinic, *roles: Role, username: str = "") -> User:
    return users.create_user(
        actor=None,
        clinic=clinic,
        username=username or f"user{next(_numbers)}",
        full_name="",
        roles=roles,
        password=PASSWORD,
    )
