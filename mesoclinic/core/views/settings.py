"""The settings: what there is, the clinic, its sites, the days early and late."""

from copy import copy
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from mesoclinic.core.access import requires
from mesoclinic.core.addresses import own_address
from mesoclinic.core.clinic_forms import ClinicForm, SiteForm, ToleranceFormSet
from mesoclinic.core.form_rows import rows_asked
from mesoclinic.core.models import Site
from mesoclinic.core.queries.users import site_or_404
from mesoclinic.core.refused import Refused
from mesoclinic.core.services import clinics
from mesoclinic.core.settings_pages import pages_for

edits = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
@requires("core.use_clinic")
def settings(request: HttpRequest) -> HttpResponse:
    return render(request, "core/settings.html", {"groups": pages_for(request.user)})


@edits
@requires("core.change_settings")
def clinic(request: HttpRequest) -> HttpResponse:
    form = ClinicForm(request.POST or None, instance=copy(request.clinic))
    if request.method == "POST" and form.is_valid():
        try:
            clinics.update_clinic(actor=request.user, clinic=request.clinic, **form.cleaned_data)
        except Refused as refused:
            form.refuse(refused)
        else:
            messages.success(request, _("Saved."))
            return redirect("core:clinic")
    return render(request, "core/clinic.html", {"form": form})


@edits
@requires("core.change_settings")
def create_site(request: HttpRequest) -> HttpResponse:
    form = SiteForm(request.POST or None, instance=Site(clinic=request.clinic, holiday_country=request.clinic.country))
    if request.method == "POST" and form.is_valid():
        try:
            site = clinics.create_site(actor=request.user, clinic=request.clinic, **form.cleaned_data)
        except Refused as refused:
            form.refuse(refused)
        else:
            messages.success(request, _("%(site)s is there. Now give it its rooms and hours.") % {"site": site})
            return redirect("sessions:rooms")
    return render(request, "core/site.html", {"form": form, "site": None})


@edits
@requires("core.change_settings")
def edit_site(request: HttpRequest, public_id: UUID) -> HttpResponse:
    site = site_or_404(request.clinic, public_id)
    name = str(site)
    form = SiteForm(request.POST or None, instance=site)
    if request.method == "POST" and form.is_valid():
        try:
            clinics.update_site(actor=request.user, site=site, **form.cleaned_data)
        except Refused as refused:
            form.refuse(refused)
        else:
            messages.success(request, _("Saved."))
            return redirect("sessions:rooms")
    return render(request, "core/site.html", {"form": form, "site": name})


@require_POST
@requires("core.use_clinic")
def switch_site(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Work at another site from now on, in this browser."""
    site = site_or_404(request.clinic, public_id)
    if site.is_active:
        request.session["site_id"] = site.pk
    return HttpResponseRedirect(own_address(request) or "/")


@edits
@requires("core.change_settings")
def tolerances(request: HttpRequest) -> HttpResponse:
    rows = [{"up_to": end or None, "early": early, "late": late} for end, early, late in request.clinic.tolerances]
    asked = rows_asked(request.POST, "form") if request.method == "POST" else None
    formset = ToleranceFormSet(asked or request.POST or None, initial=rows)
    if request.method == "POST" and asked is None and formset.is_valid():
        try:
            clinics.set_tolerances(actor=request.user, clinic=request.clinic, rows=formset.rows())
        except Refused as refused:
            formset.refuse(refused)
        else:
            messages.success(request, _("Saved. Courses take it up when they are planned next."))
            return redirect("core:tolerances")
    return render(request, "core/tolerances.html", {"formset": formset})
