"""Choose the language of the pages, and keep it with the user."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_POST

from mesoclinic.core.addresses import own_address
from mesoclinic.core.services import users


@login_not_required
@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Remember the language and go back; a visitor's choice stays in a cookie, a user's with the user."""
    language = request.POST.get("language", "")
    answer = HttpResponseRedirect(own_address(request) or "/")
    if language in dict(settings.LANGUAGES):
        if request.user.is_authenticated:
            users.choose_language(actor=request.user, language=language)
        answer.set_cookie(settings.LANGUAGE_COOKIE_NAME, language, max_age=31_536_000, samesite="Lax", httponly=True)
    return answer
