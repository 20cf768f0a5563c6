"""What somebody saves is written down: each form of every page, filled as a person would, leaves an event of who sent it."""

import pytest
import time_machine
from django.db import transaction
from django.test import override_settings

from mesoclinic.core.models import AuditEvent
from tests.sessions.booking_world import NOW
from tests.web.attack import Target, as_body, crawl, everybody, fill
from tests.web.footprints import footprints, forget, keep_all
from tests.web.rights import World, all_rows

pytestmark = [pytest.mark.django_db, pytest.mark.once]
ROWS = all_rows()


@pytest.fixture(scope="module")
def targets(django_db_setup, django_db_blocker, tmp_path_factory):
    """The forms of one clinic as somebody with every right sees them, those that are accepted; each button too."""
    files = override_settings(MEDIA_ROOT=tmp_path_factory.mktemp("media"))
    with files, time_machine.travel(NOW, tick=False), django_db_blocker.unblock(), transaction.atomic():
        forget()
        world = World()
        found = list(crawl(everybody(world), [row.address(name, world) for name, row in ROWS.items()]))
        forms = {(one.view, *sorted(one.form.names)): one for one in found}
        keep_all()
        for target in forms.values():
            target.known = ROWS[target.view].typed(world) if target.view in ROWS else {}
            fill(target)
        yield [target for target in forms.values() if target.is_accepted]
        transaction.set_rollback(True)


def silently_changed(target: Target) -> list[str]:
    """The tables its good filling changed without an event of whoever sent it."""
    body, how = as_body(target.good)
    with transaction.atomic():
        newest = AuditEvent.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        with footprints() as left:
            target.browser.post(target.action, body, **how)
        left.look()
        sender = target.browser.session["_auth_user_id"]
        is_told = AuditEvent.objects.filter(pk__gt=newest, actor=sender).exists()
        transaction.set_rollback(True)
    return [] if is_told else sorted(left.changed)


def test_whoever_saves_a_form_is_in_the_audit_trail(targets):
    silent = {target.view: tables for target in targets if (tables := silently_changed(target))}

    assert len({target.view for target in targets}) > 60
    assert silent == {}
