"""One's own account."""

from allauth.mfa.webauthn.internal.auth import begin_authentication
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mesoclinic.core.access import requires
from mesoclinic.core.refused import Refused
from mesoclinic.core.services import users
from mesoclinic.core.user_forms import AccountForm
from mesoclinic.core.views.settings import edits


@edits
@requires("core.use_clinic")
def account(request: HttpRequest) -> HttpResponse:
    user = request.user
    kept = {"full_name": str(user), "email": user.email, "language": user.language}
    form = AccountForm(request.POST or None, initial=kept)
    if request.method == "POST" and form.is_valid():
        try:
            users.update_user(actor=user, user=user, **form.cleaned_data)
        except Refused as refused:
            form.refuse(refused)
        else:
            messages.success(request, _("Saved."))
            return redirect("core:account")
    return render(request, "core/account.html", {"form": form, "roles": [role.label for role in user.roles]})


@requires("core.use_clinic")
@require_POST
def ask_passkey(request: HttpRequest) -> HttpResponse:
    """Ask the user's passkeys a question; the answer comes with the form that needs the proof."""
    return JsonResponse({"request_options": begin_authentication(request.user)})
