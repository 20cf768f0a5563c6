"""Where to go after a deed: an address the page sent along is followed only when it is a page of ours."""

from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme

LONGEST = 2000


def own_address(request: HttpRequest, field: str = "next") -> str:
    """Return the address sent as `field` when it is a path of this host, else nothing.

    A word without a slash is no address: `redirect` would look for a view of that name, and fail.
    """
    asked = request.POST.get(field) or request.GET.get(field) or ""
    if not asked.startswith("/") or len(asked) > LONGEST or not asked.isprintable():
        return ""
    hosts = {request.get_host()}
    return asked if url_has_allowed_host_and_scheme(asked, hosts, require_https=request.is_secure()) else ""
