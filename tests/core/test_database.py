"""The session PostgreSQL gives every request; what the database itself refuses."""

import pytest
from django.apps import apps
from django.db import connection
from django.db.models import CheckConstraint

pytestmark = pytest.mark.django_db
OURS = ("core", "patients", "protocols", "treatment_sessions")


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="only PostgreSQL plans joins so")
def test_the_planner_does_not_try_every_order_of_a_dozen_joins():
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('join_collapse_limit'), current_setting('jit')")
        limits = cursor.fetchone()

    assert limits == ("5", "off")


def test_what_may_be_chosen_is_a_rule_of_the_database_too():
    ours = [one for one in apps.get_models() if one._meta.app_label in OURS and not hasattr(one, "history_type")]
    columns = {(one, column.name): column for one in ours for column in one._meta.concrete_fields if column.choices}

    allowed = {
        (one, field.removesuffix("__in")): set(values)
        for one in ours
        for rule in one._meta.constraints
        if isinstance(rule, CheckConstraint) and isinstance(rule.condition.children[0], tuple)
        for field, values in [rule.condition.children[0]]
        if field.endswith("__in")
    }

    assert len(columns) > 40
    for key, column in columns.items():
        assert allowed.get(key) == {value for value, _label in column.choices}, key
