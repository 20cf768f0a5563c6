"""A page's form is saved once: a double click, or the back button and once more, leads where the first led.

Every page draws a CSRF token of its own, so the same words sent twice to the same address are the same page sent twice.
What was refused, answered with a page, or sent on whole to another page (307) may be sent again. Nothing here is needed
for the rows to be right: it spares a person the second booking, delivery or protocol, in every form there is and will be.
"""

import logging
import time
from hashlib import sha256

from django.contrib import messages
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, UnreadablePostError

logger = logging.getLogger(__name__)

KEPT_SECONDS = 3600
UNDER_WAY = ""
UNDER_WAY_SECONDS = 60
LONGEST_WAIT = 10.0  # seconds for the first click to come to its end
LOOK_EVERY = 0.1


class OnceMiddleware:
    """Answers a form that was saved already with the address its first click was sent on to."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        key = _key(request) if _is_form_of_a_page(request) else None
        if key is None:
            return self.get_response(request)
        if led_to := _led_to(key):
            return HttpResponseRedirect(led_to)
        response = self.get_response(request)
        _keep(key, response if not _is_blamed(request) else None)
        return response


def _is_form_of_a_page(request: HttpRequest) -> bool:
    if request.method != "POST" or request.content_type != "application/x-www-form-urlencoded":
        return False
    try:
        return request.user.is_authenticated and "csrfmiddlewaretoken" in request.POST
    except UnreadablePostError:
        return False  # the browser went away while sending


def _key(request: HttpRequest) -> str:
    whose = f"{request.session.session_key} {request.get_full_path()} ".encode()
    return "once-" + sha256(whose + request.body).hexdigest()


def _led_to(key: str) -> str:
    """Say where an earlier click was sent on to; empty for the first one, which the others wait for."""
    try:
        if cache.add(key, UNDER_WAY, UNDER_WAY_SECONDS):
            return ""
        until = time.monotonic() + LONGEST_WAIT
        while (found := cache.get(key)) == UNDER_WAY and time.monotonic() < until:
            time.sleep(LOOK_EVERY)
        return found or ""
    except Exception:  # a cache that is away must not keep anybody from working
        logger.exception("The cache did not answer.")
        return ""


def _is_blamed(request: HttpRequest) -> bool:
    """Say whether the view told why it did not: then it led away, but nothing was saved."""
    return any(message.level >= messages.ERROR for message in messages.get_messages(request))


def _keep(key: str, response: HttpResponse | None) -> None:
    try:
        if response is not None and response.status_code in (302, 303):
            cache.set(key, response["Location"], KEPT_SECONDS)
        else:
            cache.delete(key)
    except Exception:
        logger.exception("The cache did not answer.")
