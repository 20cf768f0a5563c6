"""The users of the clinic: make, change, deactivate, give a new password. Nobody is ever deleted."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_POST, require_safe

from mesoclinic.core.access import requires
from mesoclinic.core.exports import Column, exported
from mesoclinic.core.queries.users import role_words, user_or_404, users_of
from mesoclinic.core.refused import Refused
from mesoclinic.core.services import users as services
from mesoclinic.core.user_forms import NewUserForm, UserForm
from mesoclinic.core.views.settings import edits

USERS = (
    Column(_lazy("Name"), lambda user: user.full_name),
    Column(_lazy("User name"), lambda user: user.username),
    Column(_lazy("May do"), lambda user: ", ".join(role_words(user))),
    Column(_lazy("Last seen"), lambda user: user.last_seen_at),
    Column(_lazy("Signs in"), lambda user: _("yes") if user.is_active else _("no, deactivated")),
)


@require_safe
@requires("core.change_user")
def users(request: HttpRequest) -> HttpResponse:
    found = users_of(request.clinic)
    if sent := exported(request, "user", found, USERS):
        return sent
    rows = [(user, role_words(user)) for user in found]
    return render(request, "core/users/list.html", {"rows": rows})


@edits
@requires("core.change_user")
def create_user(request: HttpRequest) -> HttpResponse:
    form = NewUserForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        password = services.temporary_password()
        try:
            user = services.create_user(
                actor=request.user, clinic=request.clinic, password=password, **form.cleaned_data
            )
        except Refused as refused:
            form.refuse(refused)
        else:
            return render(request, "core/users/password.html", {"person": user, "password": password, "is_new": True})
    return render(request, "core/users/edit.html", {"form": form, "person": None})


@edits
@requires("core.change_user")
def edit_user(request: HttpRequest, public_id: UUID) -> HttpResponse:
    user = user_or_404(request.clinic, public_id)
    kept = {"full_name": user.full_name, "email": user.email, "roles": sorted(user.roles), "language": user.language}
    form = UserForm(request.POST or None, initial=kept)
    if request.method == "POST" and form.is_valid():
        try:
            services.update_user(actor=request.user, user=user, **form.cleaned_data)
        except Refused as refused:
            form.refuse(refused)
        else:
            messages.success(request, _("Saved."))
            return redirect("core:users" if request.user.pk != user.pk else "core:settings")
    return render(request, "core/users/edit.html", {"form": form, "person": user})


@require_POST
@requires("core.change_user")
def deactivate_user(request: HttpRequest, public_id: UUID) -> HttpResponse:
    user = user_or_404(request.clinic, public_id)
    try:
        services.deactivate_user(actor=request.user, user=user)
        messages.success(request, _("%(user)s can sign in no more.") % {"user": user})
    except Refused as refused:
        messages.error(request, refused.message)
    return redirect("core:users")


@require_POST
@requires("core.change_user")
def reactivate_user(request: HttpRequest, public_id: UUID) -> HttpResponse:
    user = user_or_404(request.clinic, public_id)
    services.reactivate_user(actor=request.user, user=user)
    messages.success(request, _("%(user)s can sign in again.") % {"user": user})
    return redirect("core:users")


@require_POST
@requires("core.change_user")
def reset_password(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show the new temporary password once; loading the page again does not bring it back."""
    user = user_or_404(request.clinic, public_id)
    password = services.reset_password(actor=request.user, user=user)
    return render(request, "core/users/password.html", {"person": user, "password": password, "is_new": False})
