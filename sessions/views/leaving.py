"""The page of a practitioner's last day: what it leaves open, and one step for each."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from mesoclinic.core.access import requires
from mesoclinic.core.refused import Refused
from sessions.queries import leaving as reads
from sessions.services import leaving as services


@require_safe
@requires("core.use_clinic")
def leaving(request: HttpRequest, public_id: UUID) -> HttpResponse:
    practitioner = reads.practitioner_or_404(request.clinic, public_id)
    left = reads.leaving(request.site, practitioner, timezone.now())
    return render(request, "sessions/leaving/leaving.html", {"left": left, "practitioner": practitioner})


@require_POST
@requires("sessions.hand_over_courses")
def hand_over_courses(request: HttpRequest, public_id: UUID) -> HttpResponse:
    practitioner = reads.practitioner_or_404(request.clinic, public_id)
    staying = reads.leaving(request.site, practitioner, timezone.now()).colleagues
    to = next((one for one in staying if str(one.public_id) == request.POST.get("to")), None)
    if to is None:
        messages.error(request, _("Choose a colleague."))
        return redirect("sessions:leaving", practitioner.public_id)
    try:
        done = services.hand_over_courses(actor=request.user, practitioner=practitioner, to=to)
    except Refused as no:
        messages.error(request, no.message)
    else:
        count = len(done.courses)
        words = ngettext("%(name)s now leads %(count)d course.", "%(name)s now leads %(count)d courses.", count)
        messages.success(request, words % {"name": to, "count": count})
        if done.left:
            messages.warning(request, _("%(name)s does not treat the species of the others.") % {"name": to})
    return redirect("sessions:leaving", practitioner.public_id)


@require_POST
@requires("core.change_user")
def end_sign_in(request: HttpRequest, public_id: UUID) -> HttpResponse:
    practitioner = reads.practitioner_or_404(request.clinic, public_id)
    try:
        at_once = services.end_sign_in(actor=request.user, practitioner=practitioner)
    except Refused as no:
        messages.error(request, no.message)
    else:
        words = (
            _("%(name)s can no longer sign in.") if at_once else _("The sign-in of %(name)s ends with the last day.")
        )
        messages.success(request, words % {"name": practitioner})
    return redirect("sessions:leaving", practitioner.public_id)
