"""The clinic a request belongs to, its site and clock, and headers that keep patient pages out of caches."""

from datetime import timedelta
from operator import attrgetter
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseNotAllowed
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.cache import add_never_cache_headers

from mesoclinic.core.models import Site, User
from mesoclinic.core.queries.users import has_any_user

SEEN_EVERY = timedelta(minutes=1)
OPEN_TO_ALL = (
    "/accounts/",
    "/static/",
    "/healthz",
    "/readyz",
    "/favicon.ico",
    "/start/",
    "/visit/",
    "/feed/",
    "/verify/",
)
LAST_USER = "mesoclinic_user"  # a cookie: who signed in last in this browser, by public id, for pages that are open
START = "/start/"  # where an empty installation begins
FIRST_PAGES = ("/", "/accounts/login/")


class ClinicMiddleware:
    """Sets `request.clinic` and `request.site`, the language of the user, and Django's current zone.

    A signed-in user without a clinic sees nothing. The idle timeout is renewed at most once a minute.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        request.clinic = request.site = None
        request.sites = []
        if not request.user.is_authenticated:
            if request.method == "GET" and request.path in FIRST_PAGES and not has_any_user():
                return redirect(START)
            return self._private(self.get_response(request))
        user = request.user
        if user.clinic_id is None and not request.path.startswith(OPEN_TO_ALL):
            raise PermissionDenied("This user belongs to no clinic.")
        if user.clinic_id is not None:
            request.clinic = user.clinic
            request.site = self._site(request)
        self._seen(request)
        if user.language:
            translation.activate(user.language)
            request.LANGUAGE_CODE = translation.get_language()
        with timezone.override(request.site.zone if request.site else None):
            return self._told_who(request, self._private(self.get_response(request)))

    @staticmethod
    def _told_who(request, response):
        """Let pages of somebody else that are still open know that they are."""
        if request.user.is_authenticated and request.COOKIES.get(LAST_USER) != str(request.user.public_id):
            secure = settings.SESSION_COOKIE_SECURE
            response.set_cookie(LAST_USER, str(request.user.public_id), secure=secure, samesite="Lax")
        return response

    @staticmethod
    def _site(request) -> Site | None:
        """Return the site chosen in this browser, else the first; the user menu offers `request.sites`."""
        found = Site.objects.filter(clinic=request.clinic, is_active=True).order_by()
        request.sites = sorted(found, key=attrgetter("pk"))
        for site in request.sites:
            site.clinic = request.clinic
        chosen = request.session.get("site_id")
        return next((site for site in request.sites if site.pk == chosen), request.sites[0] if request.sites else None)

    @staticmethod
    def _seen(request) -> None:
        if "X-Background" in request.headers:
            return  # a page that refreshes by itself is nobody at the screen: the idle timeout must not wait for it
        now = timezone.now()
        if request.user.last_seen_at is None or now - request.user.last_seen_at > SEEN_EVERY:
            User.objects.filter(pk=request.user.pk).update(last_seen_at=now)
            request.session.set_expiry(settings.SESSION_COOKIE_AGE)  # a changed session is saved: idle time starts anew

    @staticmethod
    def _private(response):
        if not response.has_header("Cache-Control"):
            add_never_cache_headers(response)
        return response


class NotAPageMiddleware:
    """Leads who opens the address of a button as if it were a page to the page the button is on, or answers in words.

    So does the back button, to a page that refused what the button would have done.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        if not isinstance(response, HttpResponseNotAllowed) or request.method not in ("GET", "HEAD"):
            return response
        if page := _came_from(request):
            return redirect(page)
        page = render(request, "405.html", status=405)
        page["Allow"] = response["Allow"]
        return page


def _came_from(request) -> str:
    """Name the page of ours that led here, another one than this; empty for any other."""
    referrer = request.headers.get("Referer", "")
    try:
        page = urlsplit(referrer)
    except ValueError:
        return ""
    return referrer if page.netloc == request.get_host() and page.path != request.path else ""
