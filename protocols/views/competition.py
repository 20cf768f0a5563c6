"""Rules of sports bodies: the list with all they say, and the form of one."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from mesoclinic.core.access import requires
from mesoclinic.core.exports import exported
from mesoclinic.core.refused import Refused
from protocols import exports
from protocols.citations import shipped_text
from protocols.forms.competition import CompetitionRuleForm
from protocols.models import CompetitionRule
from protocols.queries import competition as queries
from protocols.services import competition as services


@requires("protocols.view_protocol")
@require_safe
def list_competition_rules(request: HttpRequest) -> HttpResponse:
    found = queries.rules(request.clinic)
    if sent := exported(request, "competition-rule", found, exports.COMPETITION_RULES):
        return sent
    rows = list(found)
    words = queries.key_words(request.clinic, {code for row in rows for code in row.keys})
    rules = [(row, ", ".join(shipped_text(words[code]) for code in row.keys)) for row in rows]
    context = {"rules": [one for one in rules if not one[0].is_archived]}
    context["archived"] = [one for one in rules if one[0].is_archived]
    return render(request, "protocols/competition/list.html", context)


@requires("protocols.change_protocol")
def create_competition_rule(request: HttpRequest) -> HttpResponse:
    form = CompetitionRuleForm(request.POST or None, clinic=request.clinic, today=timezone.localdate())
    return _written(request, form, services.create_competition_rule, clinic=request.clinic)


@requires("protocols.change_protocol")
def edit_competition_rule(request: HttpRequest, public_id: UUID) -> HttpResponse:
    rule = queries.get_or_404(request.clinic, public_id)
    form = CompetitionRuleForm(request.POST or None, clinic=request.clinic, today=timezone.localdate(), rule=rule)
    return _written(request, form, services.update_competition_rule, rule=rule)


def _written(
    request: HttpRequest, form: CompetitionRuleForm, service: Callable[..., CompetitionRule], **of: Any
) -> HttpResponse:
    if form.is_valid():
        try:
            saved = service(actor=request.user, **of, **form.columns)
        except Refused as no:
            form.refuse(no)
        else:
            messages.success(request, _("%(name)s is saved.") % {"name": saved})
            return redirect("protocols:competition-rules")
    status = 422 if form.is_bound else 200
    return render(request, "protocols/competition/edit.html", {"form": form, "rule": form.rule}, status=status)


@requires("protocols.change_protocol")
@require_POST
def archive_competition_rule(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Count the rule no longer, or with `restore=1` again."""
    rule = queries.get_or_404(request.clinic, public_id)
    is_archived = request.POST.get("restore") != "1"
    services.archive_competition_rule(actor=request.user, rule=rule, is_archived=is_archived)
    return redirect("protocols:competition-rules")
