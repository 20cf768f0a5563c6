"""The session PostgreSQL gives every request."""

import pytest
from django.db import connection

pytestmark = pytest.mark.django_db


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="only PostgreSQL plans joins so")
def test_the_planner_does_not_try_every_order_of_a_dozen_joins():
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('join_collapse_limit'), current_setting('jit')")
        limits = cursor.fetchone()

    assert limits == ("5", "off")
