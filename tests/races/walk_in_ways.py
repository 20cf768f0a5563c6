"""The way to the desk's page in a race: the form is sent as a browser does, and what the next page will say is the outcome."""

from datetime import datetime

import time_machine
from django.conf import settings
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from mesoclinic.core.refused import Refused
from sessions.models import Appointment


def tap_walk_in(asked):
    """Say that somebody is here. Raises Refused with the level and the one sentence of the next page, unless it took it."""
    desk = Client()
    desk.cookies[settings.SESSION_COOKIE_NAME] = asked["session"]
    with time_machine.travel(datetime.fromisoformat(asked["now"]), tick=False):
        answer = desk.post(reverse("sessions:walk-in"), asked["form"])
    assert answer.status_code == 302, answer.status_code
    said = list(get_messages(answer.wsgi_request))  # nothing where a bar with Undo says it
    visit = Appointment.objects.get(public_id=answer["Location"].rstrip("/").split("/")[-1])
    if said and said[0].level_tag != "success":
        (no,) = said
        raise Refused(no.level_tag, f"{no.message} -> {visit.pk}")
    return visit
