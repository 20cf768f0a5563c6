"""The words a clinic asks consent to: those in use and those before, a new text, the next version of one."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from mesoclinic.core.access import requires
from mesoclinic.core.exports import exported
from patients import exports
from patients.forms.consent_texts import GROUP, ConsentTextForm
from patients.models import ConsentText
from patients.queries import consents as queries
from patients.services.consent_texts import write_consent_text as write
from patients.views.pages import saved

edits = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
@requires("patients.write_consent_text")
def consent_texts(request: HttpRequest) -> HttpResponse:
    texts = queries.all_texts(request.clinic)
    if sent := exported(request, "consent-text", texts, exports.CONSENT_TEXTS):
        return sent
    context = {
        "current": [text for text in texts if text.is_current],
        "former": [text for text in texts if not text.is_current],
    }
    return render(request, "patients/consent_texts/list.html", context)


@edits
@requires("patients.write_consent_text")
def write_consent_text(request: HttpRequest) -> HttpResponse:
    return _write(request, None)


@edits
@requires("patients.write_consent_text")
def renew_consent_text(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show a text, and write its next version; who agreed before, agreed to the words before."""
    return _write(request, queries.text_or_404(request.clinic, public_id))


def _write(request: HttpRequest, of: ConsentText | None) -> HttpResponse:
    form = ConsentTextForm(request.POST or None, of=of)
    group: Mapping[str, Any] = {name: getattr(of, name) for name in GROUP} if of is not None else {}
    if request.method == "POST" and saved(
        form, lambda: write(actor=request.user, clinic=request.clinic, **group, **form.cleaned_data)
    ):
        messages.success(request, _("The text is in use. Who agreed before, agreed to the words before."))
        return redirect("patients:consent-texts")
    return render(request, "patients/consent_texts/edit.html", {"form": form, "of": of})
