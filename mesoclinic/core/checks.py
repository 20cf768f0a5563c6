"""System checks that guard the settings: time in UTC, no weak secret in production."""

from django.conf import settings
from django.core.checks import Error, Tags, register
from django.core.checks.security.base import SECRET_KEY_MIN_LENGTH, SECRET_KEY_MIN_UNIQUE_CHARACTERS
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import CommandError
from django.db import DEFAULT_DB_ALIAS, connection

from mesoclinic.core import texting


@register()
def check_time_zone(app_configs, **kwargs):
    if settings.TIME_ZONE != "UTC" or not settings.USE_TZ:
        return [
            Error(
                "TIME_ZONE must be UTC and USE_TZ true: instants are stored in UTC, sites have their own zones.",
                id="mesoclinic.E001",
            )
        ]
    return []


@register(Tags.security)
def check_secret_key(app_configs, **kwargs):
    key = settings.SECRET_KEY
    weak = len(key) < SECRET_KEY_MIN_LENGTH or len(set(key)) < SECRET_KEY_MIN_UNIQUE_CHARACTERS
    if settings.PRODUCTION and (weak or key.startswith(("django-insecure", "only-for-tests"))):
        return [Error("SECRET_KEY is weak: set a random one of at least 50 characters.", id="mesoclinic.E002")]
    return []


def refuse_harmful_settings() -> None:
    """Do when a web server starts what `manage.py` does before every command. Raises ImproperlyConfigured."""
    faults = [*check_time_zone(None), *check_secret_key(None)]
    if faults:
        raise ImproperlyConfigured(" ".join(fault.msg for fault in faults))


@register(Tags.database)
def check_site_zones(app_configs, databases=None, **kwargs):
    """Every site's zone is one this machine knows (a tzdata too old would make wrong times silently)."""
    from mesoclinic.core.models import Site
    from mesoclinic.core.queries.readiness import unknown_zones

    if not databases or Site._meta.db_table not in connection.introspection.table_names():
        return []  # before the first migration
    hint = "Bring the package tzdata up to date, or correct the site's time_zone in the database."
    return [
        Error(f"Site {name}: unknown time zone {zone}.", hint=hint, id="mesoclinic.E003")
        for name, zone in unknown_zones()
    ]


def refuse_unknown_zones() -> None:
    """Do when `run` starts what `manage.py migrate` does before it migrates. Raises CommandError."""
    if faults := check_site_zones(None, databases=[DEFAULT_DB_ALIAS]):
        raise CommandError("\n".join(f"{fault.msg} {fault.hint}" for fault in faults))


@register()
def check_text_messages(app_configs, **kwargs):
    if settings.SMS_URL and texting.backend() is None:
        return [Error("SMS_URL names no gateway: use console:// or an https:// address.", id="mesoclinic.E004")]
    return []
