"""Settings: when to remind, and in what words, with a live preview."""

from dataclasses import asdict

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_http_methods

from mesoclinic.core import texting
from mesoclinic.core.access import requires
from mesoclinic.core.models import Site
from mesoclinic.core.refused import Refused
from mesoclinic.core.views.settings import edits
from sessions.forms.settings_messages import MessageTextForm, ReminderSettingsForm
from sessions.models.reminders import ReminderKind
from sessions.queries.recipients import settings_of
from sessions.services import reminders
from sessions.services.reminders import rules as services
from sessions.services.reminders import wording as words
from sessions.services.reminders.shipped import Wording, shipped
from sessions.services.reminders.text_messages import measure

KINDS = {kind.value: kind.label for kind in ReminderKind}
SENT = {
    ReminderKind.REMINDER: _lazy("By itself, before a visit."),
    ReminderKind.OFFER: _lazy("When the desk offers a time."),
    ReminderKind.CHANGE: _lazy("By itself, to whom a message told another time."),
    ReminderKind.CANCELLED: _lazy("By itself, a minute after a visit is called off, to whom a message told of it."),
}
LANGUAGES = dict(settings.LANGUAGES)


@edits
@requires("core.change_settings")
def reminder_settings(request: HttpRequest) -> HttpResponse:
    initial = ReminderSettingsForm.kept(settings_of(request.clinic))
    form = ReminderSettingsForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            reminders.change_reminder_settings(actor=request.user, clinic=request.clinic, **form.asked())
        except Refused as refused:
            form.refuse(refused)
        else:
            messages.success(request, _("Saved."))
            return redirect("sessions:reminder-settings")
    context = {
        "form": form,
        "texts": [(kind, label, SENT[kind], list(LANGUAGES.items())) for kind, label in KINDS.items()],
        "has_texts": texting.backend() is not None,
        "keeps_mail": settings.EMAIL_BACKEND.endswith((".console.EmailBackend", ".filebased.EmailBackend")),
    }
    return render(request, "sessions/settings/reminders.html", context)


@edits
@requires("core.change_settings")
def message_text(request: HttpRequest, kind: str, language: str) -> HttpResponse:
    """Edit one text, or with `shipped` in the address begin from the shipped words."""
    _known_or_404(kind, language)
    as_shipped = shipped(kind, language)
    kept = as_shipped if "shipped" in request.GET else words.wording(request.clinic, kind, language)
    initial = asdict(kept)
    form = MessageTextForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        place = {"clinic": request.clinic, "kind": kind, "language": language}
        try:
            reminders.change_message_text(actor=request.user, **place, **form.cleaned_data)
        except Refused as refused:
            form.refuse(refused)
        else:
            messages.success(request, _("Saved."))
            return redirect("sessions:reminder-settings")
    context = _frame(kind, language) | {"form": form, "is_shipped": kept == as_shipped}
    context |= _preview(request, kind, language, initial)
    return render(request, "sessions/settings/message_text.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires("core.change_settings")
def preview_message(request: HttpRequest, kind: str, language: str) -> HttpResponse:
    """Show a text as its reader would see it. Changes nothing."""
    _known_or_404(kind, language)
    kept = words.wording(request.clinic, kind, language)
    context = _frame(kind, language)
    context |= _preview(request, kind, language, asdict(kept))
    name = "_message_preview.html" if request.htmx else "message_preview.html"
    return render(request, f"sessions/settings/{name}", context)


def _known_or_404(kind: str, language: str) -> None:
    if kind not in KINDS or language not in LANGUAGES:
        raise Http404


def _frame(kind: str, language: str) -> dict:
    names = {"kind": kind, "kind_name": KINDS[kind], "language": language, "language_name": LANGUAGES[language]}
    return names | {"placeholders": [f"{{{name}}}" for name in words.PLACEHOLDERS]}


def _preview(request: HttpRequest, kind: str, language: str, initial: dict[str, str]) -> dict:
    """Fill in what was typed, or what is kept, with invented names and times."""
    form = MessageTextForm(request.POST) if request.method == "POST" else None
    typed = form.cleaned_data if form is not None and form.is_valid() else initial if form is None else {}
    if not typed:
        return {"fault": next(iter(form.errors.values()))[0]}
    written_in = Wording(**typed)
    try:
        services.check_text(kind, written_in)
    except Refused as refused:
        return {"fault": refused.message}
    site = request.site or Site(clinic=request.clinic)
    written = words.fill(written_in, words.sample_values(site, kind, language, timezone.now()))
    return {"written": written, "length": measure(written.short)}
