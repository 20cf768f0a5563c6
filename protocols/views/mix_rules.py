"""The rules of the mix check: its numbers, flags and notes on countries, each beside what was shipped."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from mesoclinic.core.access import requires
from mesoclinic.core.exports import exported
from mesoclinic.core.forms import Form
from mesoclinic.core.refused import Refused
from protocols import exports
from protocols.forms.mix_rules import LimitForm, NewNoteForm, OwnNoteForm, RuleForm
from protocols.queries import mix_rules as queries
from protocols.queries.techniques import all_techniques
from protocols.services import mix_rules as services


@requires("protocols.view_protocol")
@require_safe
def list_rules(request: HttpRequest) -> HttpResponse:
    """Everything on one page: it is short, and whoever reads it wants to see what has been changed."""
    notes = queries.rule_lines(request.clinic, queries.COUNTRY)
    flags = queries.rule_lines(request.clinic, queries.FLAG)
    limits = queries.limit_lines(request.clinic)
    techniques = list(all_techniques(request.clinic))
    rows = queries.as_rows(limits, techniques, [*flags, *notes])
    if sent := exported(request, "mix-rule", rows, exports.LIMITS_AND_RULES):
        return sent
    context = {
        "limits": limits,
        "techniques": techniques,
        "flags": flags,
        "notes": notes,
        "words": queries.named_words(request.clinic, [*flags, *notes]),
    }
    return render(request, "protocols/rules/list.html", context)


@requires("protocols.change_protocol")
def edit_limit(request: HttpRequest, code: str) -> HttpResponse:
    line = queries.limit_or_404(request.clinic, code)
    form = LimitForm(request.POST or None, line=line)
    saved = form.is_valid() and _done(
        request, form, services.change_limit, clinic=request.clinic, code=code, **form.cleaned_data
    )
    return saved or _page(request, "edit_limit", form, line=line)


@requires("protocols.change_protocol")
@require_POST
def restore_limit(request: HttpRequest, code: str) -> HttpResponse:
    """Take the shipped number back."""
    queries.limit_or_404(request.clinic, code)
    return _restored(request, services.restore_limit, code=code)


@requires("protocols.change_protocol")
def edit_rule(request: HttpRequest, about: str, code: str) -> HttpResponse:
    line = queries.rule_or_404(request.clinic, about, code)
    kind = RuleForm if line.shipped is not None else OwnNoteForm
    form = kind(request.POST or None, clinic=request.clinic, line=line)
    saved = form.is_valid() and _done(
        request, form, services.reword_rule, clinic=request.clinic, about=about, code=code, **form.columns
    )
    words = queries.named_words(request.clinic, [line])
    return saved or _page(request, "edit_rule", form, line=line, words=words)


@requires("protocols.change_protocol")
@require_POST
def restore_rule(request: HttpRequest, about: str, code: str) -> HttpResponse:
    """Take the shipped words back."""
    queries.rule_or_404(request.clinic, about, code)
    return _restored(request, services.restore_rule, about=about, code=code)


@requires("protocols.change_protocol")
@require_POST
def archive_rule(request: HttpRequest, about: str, code: str) -> HttpResponse:
    """Say a note no longer, or with `restore=1` again. A flag is never silenced."""
    if about != queries.COUNTRY:
        raise Http404
    queries.rule_or_404(request.clinic, about, code)
    is_archived = request.POST.get("restore") != "1"
    services.archive_country_note(actor=request.user, clinic=request.clinic, code=code, is_archived=is_archived)
    return redirect("protocols:rules")


@requires("protocols.change_protocol")
def create_country_note(request: HttpRequest) -> HttpResponse:
    form = NewNoteForm(request.POST or None, clinic=request.clinic, initial={"country": request.clinic.country})
    saved = form.is_valid() and _done(
        request, form, services.create_country_note, clinic=request.clinic, **form.columns
    )
    return saved or _page(request, "edit_rule", form)


def _done(request: HttpRequest, form: Form, service: Any, **of: Any) -> HttpResponse | None:
    try:
        service(actor=request.user, **of)
    except Refused as no:
        form.refuse(no)
        return None
    messages.success(request, _("Saved. Every mix is checked by it from now on."))
    return redirect("protocols:rules")


def _restored(request: HttpRequest, service: Any, **of: Any) -> HttpResponse:
    try:
        service(actor=request.user, clinic=request.clinic, **of)
    except Refused as no:
        messages.error(request, no.message)
    else:
        messages.success(request, _("As shipped again."))
    return redirect("protocols:rules")


def _page(request: HttpRequest, name: str, form: Form, **context: Any) -> HttpResponse:
    status = 422 if form.is_bound else 200
    return render(request, f"protocols/rules/{name}.html", {"form": form, **context}, status=status)
