"""Which language somebody is addressed in: the first wish that the program has words in.

A file may name any language. Django knows how to write dates in most; a page whose dates are Romanian and whose words
are not is read by nobody.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation


def spoken(*wishes: str) -> str:
    """Return the first of these languages that the program speaks, else its own. Empty ones are passed over."""
    return next((one for one in wishes if one in dict(settings.LANGUAGES)), settings.LANGUAGE_CODE)


def asked(request: HttpRequest) -> str:
    """Return the language of a paper that an address names, `?language=fr`; empty for none or one nobody speaks."""
    wish = request.GET.get("language", "")
    return wish if wish in dict(settings.LANGUAGES) else ""


def in_language_asked(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Let a paper be in the language its address names, whatever that of the screen. For a view that prints."""

    @wraps(view)
    def printed(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with translation.override(asked(request) or translation.get_language()):
            return view(request, *args, **kwargs)

    return printed
