"""A page's form is saved once: a double click leads where the first led, and a page one goes back to asks first.

Every page draws a CSRF token of its own, so the same words sent twice to the same address are the same page sent twice.
A page that is gone back to is drawn anew, with another token; its script gives it the name it had (`page_name`), by
which it is known to have been saved: then nothing is saved before somebody says once more. What was refused, answered
with a page, or sent on whole to another page (307) may be sent again. Nothing here is needed for the rows to be right:
it spares a person the second booking, delivery or protocol, in every form there is and will be.
"""

import logging
import re
import time
from hashlib import sha256

from django.contrib import messages
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, UnreadablePostError
from django.shortcuts import render
from django.utils import timezone

from mesoclinic.core.typed import typed_words

logger = logging.getLogger(__name__)

KEPT_SECONDS = 3600
PAGE_NAME = "page_name"
NAME = re.compile(r"[0-9a-f]{32}")
ONCE_MORE = "once_more"
UNDER_WAY = ""
UNDER_WAY_SECONDS = 60
LONGEST_WAIT = 10.0  # seconds for the first click to come to its end
LOOK_EVERY = 0.1


class OnceMiddleware:
    """Answers a form that was saved already with the address its first click was sent on to, or with a question."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        key = _key(request) if _is_form_of_a_page(request) else None
        if key is None:
            return self.get_response(request)
        if led_to := _led_to(key):
            return HttpResponseRedirect(led_to)
        page = _page(request)
        if page and ONCE_MORE not in request.POST and (saved := _saved(page)):
            _forget(key)
            return _ask(request, saved)
        response = self.get_response(request)
        if _is_blamed(request) or response.status_code not in (302, 303):
            _forget(key)
        else:
            _keep({key: response["Location"], page: (response["Location"], timezone.now())})
        return response


def _page(request: HttpRequest) -> str | None:
    """Name the page in its session, if its script has named it."""
    name = request.POST.get(PAGE_NAME, "")
    if not NAME.fullmatch(name):
        return None
    return "page-" + sha256(f"{request.session.session_key} {request.path} {name}".encode()).hexdigest()


def _ask(request: HttpRequest, saved: tuple) -> HttpResponse:
    """Say that this page was saved, and let it be saved once more with all that is typed now."""
    typed = [(name, value) for name, value in typed_words(request) if name != PAGE_NAME]
    return render(request, "core/sent_before.html", {"led_to": saved[0], "at": saved[1], "typed": typed}, status=409)


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


def _saved(page: str) -> tuple | None:
    try:
        return cache.get(page)
    except Exception:
        logger.exception("The cache did not answer.")
        return None


def _keep(found: dict[str | None, object]) -> None:
    try:
        cache.set_many({key: value for key, value in found.items() if key}, KEPT_SECONDS)
    except Exception:
        logger.exception("The cache did not answer.")


def _forget(key: str) -> None:
    try:
        cache.delete(key)
    except Exception:
        logger.exception("The cache did not answer.")
