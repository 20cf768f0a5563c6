"""What a page must never show: another clinic's words, a mix to the desk, or markup somebody typed."""

import re

import pytest
import time_machine
from django.apps import apps
from django.db import connection, models, transaction
from django.db.models import F, Value
from django.db.models.functions import Concat, Substr
from django.test import Client

from mesoclinic.core import freeze
from mesoclinic.core.roles import RIGHTS, Role
from tests.factories import make_user
from tests.sessions.booking_world import NOW
from tests.web.rights import World, all_rows, all_views

pytestmark = pytest.mark.django_db
MARKUP = "<i x=\"'>"
FOREIGN = "Zzforeign "
SECRET = "Zzmix "
# What Python writes of an object that nobody told how it is called.
FOR_PROGRAMS = re.compile(r"\b[A-Z][A-Za-z]+\([a-z_]+=|&lt;[\w.]+ object at 0x|&lt;[A-Z]\w+\.[A-Z_]+: ")
ROWS, VIEWS = all_rows(), all_views()
# Words a program reads, or that tie rows together: a mark in them would break the page, not leak through it.
NOT_PROSE = {
    *("code", "cadence", "time_zone", "language", "country", "holiday_country", "holiday_region", "scheme", "sex"),
    *("search_text", "phone_search", "email", "username", "password", "colour", "edit_token", "sha256", "rule"),
    *("previous_sha256", "canonical_text", "scale", "severity", "strength_unit", "syringe", "first_name", "last_name"),
    *("suffix", "text_sha256"),
}
# Of a mix or a record: what the desk has no business reading.
OF_THE_MIX = (
    *("protocols.substance", "protocols.lot", "protocols.protocolline", "protocols.protocolversion"),
    *("treatment_sessions.sessionrecord", "treatment_sessions.administration", "treatment_sessions.injectionsite"),
    *("treatment_sessions.addendum", "treatment_sessions.override"),
)


def texts_of(model: type[models.Model]) -> list[models.Field]:
    """The columns of a model that hold what somebody wrote."""
    kinds = (models.CharField, models.TextField)
    fields = [field for field in model._meta.concrete_fields if type(field) in kinds]
    return [field for field in fields if not field.choices and not field.primary_key and field.name not in NOT_PROSE]


def mark(chosen: list[type[models.Model]], word: str, *, of: World | None = None) -> None:
    """Begin every text of these models with a word; only a clinic's when one is given.

    Tables with frozen rows are marked on SQLite alone: on PostgreSQL their triggers do not step aside.
    """
    is_postgres = connection.vendor == "postgresql"
    frozen = freeze.installed_triggers() if is_postgres else ()
    with freeze.lifted():
        for model in (one for one in chosen if f"{one._meta.db_table}_f_update" not in frozen):
            rows = model._base_manager.all()
            if of is not None:
                path = clinic_path(model)
                if path is None:
                    continue
                rows = rows.filter(**{path: of.clinic.pk})
            for field in texts_of(model):
                filled = rows.exclude(**{field.name: ""}) if not field.null else rows.exclude(**{field.name: None})
                longest = field.max_length or 4000
                filled.update(**{field.name: Substr(Concat(Value(word), F(field.name)), 1, longest)})


def clinic_path(model: type[models.Model]) -> str | None:
    """How to get from a row to its clinic."""
    if model._meta.label_lower == "core.clinic":
        return "pk"
    names = {field.name for field in model._meta.concrete_fields}
    if "clinic" in names:
        return "clinic"
    steps = ("patient", "course", "record", "protocol", "version", "site", "lot", "practitioner", "protocol_version")
    for step in steps:
        if step in names:
            further = clinic_path(model._meta.get_field(step).related_model)
            return further and f"{step}__{further}"
    return None


OWN_MODELS = [
    model
    for model in apps.get_models()
    if model._meta.app_label in ("core", "patients", "protocols", "treatment_sessions")
    and model._meta.label_lower not in ("core.auditevent", "core.job", "protocols.species")
]


class Stage:
    """Two clinics with every row's object; each page is asked for and forgotten."""

    def __init__(self) -> None:
        self.own, self.foreign = World(), World()
        for world in (self.own, self.foreign):
            world.everybody = make_user(world.clinic, *Role)
            world.urls = {name: row.address(name, world) for name, row in ROWS.items()}

    def pages(self, user, names=tuple(ROWS)):
        """Yield (name, text of the answer) of every page this user may open by GET."""
        browser = Client()
        browser.force_login(user)
        for name in names:
            for accept in ("text/html", "application/json"):
                with transaction.atomic():
                    answer = browser.get(self.own.urls[name], headers={"accept": accept})
                    transaction.set_rollback(True)
                if answer.status_code == 200 and answer["Content-Type"].startswith("text/html"):
                    yield name, answer.content.decode()
                elif answer.status_code == 200:
                    yield f"{name} ({accept})", answer.getvalue().decode(errors="replace")


@pytest.fixture(scope="module")
def stage(django_db_setup, django_db_blocker):
    with time_machine.travel(NOW, tick=False), django_db_blocker.unblock(), transaction.atomic():
        yield Stage()
        transaction.set_rollback(True)


def test_no_page_shows_a_word_of_another_clinic(stage):
    mark(OWN_MODELS, FOREIGN, of=stage.foreign)

    shown = [name for name, text in stage.pages(stage.own.everybody) if FOREIGN.strip() in text]

    assert shown == []


@pytest.mark.once
def test_no_page_of_the_desk_shows_a_mix_or_a_record(stage):
    mark([apps.get_model(label) for label in OF_THE_MIX], SECRET)
    asks_what_is_not_borne = {"patients:add-flag"}  # an allergy names its substance, from the clinic's list of them
    open_to_the_desk = [name for name in ROWS if Role.RECEPTION in RIGHTS[VIEWS[name].right]]

    desk = stage.own.users[Role.RECEPTION]
    shown = [name for name, text in stage.pages(desk, open_to_the_desk) if SECRET.strip() in text]

    assert {name.split(" ")[0] for name in shown} == asks_what_is_not_borne


@pytest.mark.once
def test_no_page_of_the_admin_shows_a_patient(stage):
    mark([apps.get_model("patients.patient")], SECRET)

    shown = [name for name, text in stage.pages(stage.own.users[Role.ADMIN]) if SECRET.strip() in text]

    assert shown == []


@pytest.mark.once
def test_markup_somebody_typed_is_text_on_every_page(stage):
    mark(OWN_MODELS, MARKUP)

    pages = list(stage.pages(stage.own.everybody))

    assert [name for name, text in pages if MARKUP[:4] in text and "(" not in name] == []
    assert sum("&lt;i x=" in text for _name, text in pages) > len(pages) / 2
    assert [(name, found[0]) for name, text in pages if (found := FOR_PROGRAMS.search(text))] == []
