"""The page of Today as one of its users sees it at a minute, for the tests of its blocks."""

import time_machine
from django.urls import reverse

from tests.sessions.booking_world import at

TEN = at("10:10")


def page(client, user, name: str = "today", now=TEN, **headers) -> str:
    client.force_login(user)
    with time_machine.travel(now, tick=False):
        answer = client.get(reverse(f"sessions:{name}"), headers=headers)
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    return answer.content.decode()
