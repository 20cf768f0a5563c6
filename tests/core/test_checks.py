"""Settings that would do harm are refused at the start; /healthz and /readyz tell the truth."""

import os
import subprocess
import sys
from datetime import timedelta

import pytest
from celery import current_app
from django.apps import apps
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from django.core.management.base import SystemCheckError
from django.db.migrations.recorder import MigrationRecorder
from django.urls import Resolver404, get_resolver, resolve
from django.utils import timezone
from kombu import Connection

from mesoclinic.core import checks, freeze
from mesoclinic.core.management.commands import run
from mesoclinic.core.models import Heartbeat, Site
from mesoclinic.core.queries import readiness
from tests.factories import make_clinic, site_of


def test_any_zone_but_utc_is_refused(settings):
    assert checks.check_time_zone(None) == []

    settings.TIME_ZONE = "Europe/Paris"

    assert [fault.id for fault in checks.check_time_zone(None)] == ["mesoclinic.E001"]


def test_every_command_asks_for_the_zone(settings):
    settings.TIME_ZONE = "Europe/Paris"

    assert "mesoclinic.E001" in [fault.id for fault in run_checks()]


@pytest.mark.parametrize("key", ["short", "x" * 60, "django-insecure-0123456789abcdefghijklmnopqrstuvwxyz0123456789"])
def test_a_weak_secret_is_refused_in_production_only(settings, key):
    settings.SECRET_KEY = key

    assert checks.check_secret_key(None) == []
    settings.PRODUCTION = True
    assert [fault.id for fault in checks.check_secret_key(None)] == ["mesoclinic.E002"]


def test_a_strong_secret_is_taken_in_production(settings):
    settings.SECRET_KEY, settings.PRODUCTION = STRONG, True

    assert checks.check_secret_key(None) == []


@pytest.mark.django_db
def test_a_site_of_an_unknown_zone_is_named():
    make_clinic()
    assert checks.check_site_zones(None, databases=["default"]) == []

    Site.objects.update(time_zone="Mars/Base")

    (fault,) = checks.check_site_zones(None, databases=["default"])
    assert fault.id == "mesoclinic.E003"
    assert "Mars/Base" in fault.msg


@pytest.mark.django_db
def test_migrate_and_run_refuse_a_site_of_an_unknown_zone():
    """Production starts with `migrate`, the embedded way with `run`."""
    make_clinic()
    Site.objects.update(time_zone="Mars/Base")

    with pytest.raises(SystemCheckError, match="unknown time zone Mars/Base"):
        call_command("migrate", skip_checks=False, verbosity=0)
    with pytest.raises(CommandError, match=r"unknown time zone Mars/Base\. Bring the package tzdata up to date"):
        run.prepare()


@pytest.mark.django_db
def test_readyz_says_when_a_site_has_an_unknown_zone(client):
    clinic = make_clinic(name="Bright Smile")
    Site.objects.update(time_zone="Mars/Base")

    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["zones"] == "unknown to this machine: Mars/Base"
    assert site_of(clinic).name == "Bright Smile"
    assert "Bright" not in answer.content.decode()


STRONG = "".join(chr(ord("A") + number % 58) for number in range(60))
CHECK = ["manage.py", "check", "--tag", "security"]
SERVE = ["-c", "import mesoclinic.wsgi"]  # as gunicorn does


@pytest.mark.parametrize("command", [CHECK, SERVE])
@pytest.mark.parametrize(("key", "starts"), [("short", False), ("x" * 60, False), ("", False), (STRONG, True)])
def test_production_does_not_start_with_a_weak_secret(key, starts, command, tmp_path):
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "mesoclinic.settings.prod",
        "SECRET_KEY": key,
        "MESOCLINIC_DATA_DIR": str(tmp_path),
        "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none",
        "REDIS_URL": "redis://127.0.0.1:1/0",
    }

    done = subprocess.run([sys.executable, *command], env=environment, capture_output=True, text=True)

    assert (done.returncode == 0) is starts, done.stderr
    assert ("SECRET_KEY" in done.stderr) is not starts


@pytest.mark.django_db
def test_healthz_answers_without_the_database(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        answer = client.get("/healthz")

    assert answer.json() == {"status": "ok"}


@pytest.mark.django_db
def test_readyz_is_ready_when_all_answers(client):
    Heartbeat.objects.create(name="beat", at=timezone.now())

    answer = client.get("/readyz")

    assert answer.status_code == 200, answer.content
    assert answer.json()["status"] == "ok"


@pytest.mark.django_db
def test_readyz_says_when_beat_was_never_seen_or_long_ago(client):
    assert client.get("/readyz").json()["beat"] == "never seen"

    Heartbeat.objects.create(name="beat", at=timezone.now() - timedelta(minutes=6))
    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["beat"].startswith("last seen")


@pytest.mark.django_db
def test_readyz_names_the_oldest_work_that_lies_about(client, monkeypatch):
    Heartbeat.objects.create(name="beat", at=timezone.now())
    due_at = timezone.now() - timedelta(minutes=6)
    for words, late in (("washing waits", timedelta(0)), ("ironing waits", timedelta(minutes=1))):
        monkeypatch.setitem(readiness.DUE_WORK, words, lambda before, late=late: due_at - late)

    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["work"].startswith("ironing waits since")


@pytest.mark.django_db
def test_readyz_says_when_a_migration_is_not_applied(client):
    last = MigrationRecorder.Migration.objects.filter(app="treatment_sessions").latest("pk")
    MigrationRecorder.Migration.objects.filter(pk=last.pk).delete()

    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["migrations"] == "1 to apply"


@pytest.mark.django_db
def test_readyz_says_when_a_guard_of_frozen_rows_is_gone(client, monkeypatch):
    installed = freeze.installed_triggers()
    monkeypatch.setattr(freeze, "installed_triggers", lambda: installed - {"core_auditevent_f_update"})

    assert client.get("/readyz").json()["triggers"] == "missing: core_auditevent_f_update"


@pytest.mark.django_db
def test_readyz_says_when_the_broker_does_not_answer(client, monkeypatch):
    nobody = Connection("redis://127.0.0.1:1/0")
    monkeypatch.setattr(type(current_app._get_current_object()), "connection_for_write", lambda _app: nobody)

    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["broker"] == "OperationalError"


def test_readyz_says_when_the_database_does_not_answer(client, django_db_blocker):
    with django_db_blocker.block():  # every connection raises
        answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["database"] != "ok"
    assert answer.json()["broker"] == "ok"


@pytest.mark.django_db
def test_a_check_that_breaks_hides_no_other(client, monkeypatch):
    def broken():
        raise OSError("no broker: amqp://user:secret@host")

    monkeypatch.setitem(readiness.CHECKS, "broker", broken)
    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["broker"] == "OSError"
    assert answer.json()["database"] == "ok"


def test_the_forms_are_the_only_door_over_the_web_there_is_no_admin_and_no_api():
    """ADR 0280: whoever adds one tries it against what is signed."""
    doors = {"django.contrib.admin", "ninja", "rest_framework", "tastypie", "graphene_django"}

    assert not {app.name for app in apps.get_app_configs()} & doors
    assert "admin" not in get_resolver().namespace_dict
    for address in ("/admin/", "/api/", "/api/v1/", "/graphql/"):
        with pytest.raises(Resolver404):
            resolve(address)
