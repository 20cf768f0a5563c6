"""Who must sign in first loses nothing: a form that was sent is sent again, a page that asked by itself is told."""

from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render, resolve_url

from mesoclinic.core.middleware import LAST_USER
from mesoclinic.core.typed import typed_words


class SignInMiddleware(LoginRequiredMiddleware):
    """Closes every page to who is not signed in, and says so in the way each kind of request can show.

    A form is answered with a page that holds what was typed, proofs of identity left out; a script with 401, or, when
    nobody is at the screen, with the sign-in page in the place of the whole.
    """

    def handle_no_permission(self, request: HttpRequest, view_func) -> HttpResponseBase:
        if "X-Background" in request.headers:
            return HttpResponse(headers={"HX-Redirect": _sign_in(request)})
        if _asked_by_script(request):
            return HttpResponse(status=401)
        if request.method == "POST":
            held = {"typed": typed_words(request), "last_user": request.COOKIES.get(LAST_USER, "")}
            return render(request, "signed_out.html", held, status=401)
        return super().handle_no_permission(request, view_func)


def _asked_by_script(request: HttpRequest) -> bool:
    headers = request.headers
    return "HX-Request" in headers or "X-Autosave" in headers or headers.get("Accept") == "application/json"


def _sign_in(request: HttpRequest) -> str:
    return redirect_to_login(request.get_full_path(), resolve_url(settings.LOGIN_URL)).url
