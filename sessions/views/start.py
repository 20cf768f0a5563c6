"""The first page of an empty installation: it makes the clinic and the first user, once."""

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from mesoclinic.core.queries.users import has_any_user
from mesoclinic.core.refused import Refused
from mesoclinic.core.services import clinics
from mesoclinic.core.views.settings import edits
from protocols.services.catalogue import load_catalogue
from sessions.forms.settings_start import StartForm

BACKEND = "mesoclinic.core.accounts.AuthenticationBackend"


@login_not_required
@edits
def start(request: HttpRequest) -> HttpResponse:
    if has_any_user():
        return redirect("/")
    form = StartForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                user = clinics.found_first_clinic(**form.asked())
                load_catalogue(clinic=user.clinic, actor=user)
        except Refused as refused:
            form.refuse(refused)
        else:
            login(request, user, backend=BACKEND)
            messages.success(request, _("Your clinic is made. Next: who treats, in which rooms, at what hours."))
            return redirect("core:settings")
    return render(request, "sessions/settings/start.html", {"form": form})
