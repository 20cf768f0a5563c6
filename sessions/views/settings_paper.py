"""The settings of the clinic's paper."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from mesoclinic.core.access import requires
from mesoclinic.core.refused import Refused
from sessions.forms.paper import PaperForm
from sessions.printing.logo import MOST_BYTES
from sessions.queries.paper import letterhead, paper_of
from sessions.services.paper import set_paper


@require_http_methods(["GET", "HEAD", "POST"])
@requires("core.change_settings")
def paper(request: HttpRequest) -> HttpResponse:
    """Choose the size of the paper and the logo on it."""
    kept = paper_of(request.clinic)
    form = PaperForm(request.POST or None, request.FILES or None, initial={"size": kept.size})
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        logo = values["logo"].read(MOST_BYTES + 1) if values["logo"] else None
        try:
            set_paper(
                actor=request.user,
                clinic=request.clinic,
                size=values["size"],
                logo=logo,
                without_logo=values["without_logo"],
            )
        except Refused as refused:
            form.refuse(refused)
        else:
            messages.success(request, _("Saved."))
            return redirect("sessions:paper")
    return render(
        request, "sessions/settings/paper.html", {"form": form, "head": letterhead(request.clinic, None, kept)}
    )
