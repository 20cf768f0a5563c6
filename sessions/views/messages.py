"""The outbox: what was sent to whom; send a failed message again; say that a wish was dealt with."""

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from mesoclinic.core.access import requires
from mesoclinic.core.addresses import own_address
from mesoclinic.core.exports import exported
from mesoclinic.core.refused import Refused
from sessions import exports
from sessions.forms.messages import OutboxFilter
from sessions.queries import outbox as reads
from sessions.queries.replies import reply_or_404
from sessions.services import reminders, replies

MESSAGES_A_PAGE = 50


@require_safe
@requires("sessions.use_outbox")
def outbox(request: HttpRequest) -> HttpResponse:
    """List what was sent, waits or failed."""
    form = OutboxFilter(request.GET or None)
    form.is_valid()
    asked = getattr(form, "cleaned_data", {})  # a wrong date is told beside its field; the other filters hold
    rows = reads.messages(
        request.clinic,
        request.site,
        text=asked.get("q", ""),
        status=asked.get("status", ""),
        kind=asked.get("kind", ""),
        from_on=asked.get("from_on"),
        until_on=asked.get("until_on"),
    )
    if sent := exported(request, "reminder", rows, exports.MESSAGES):
        return sent
    page = Paginator(rows, MESSAGES_A_PAGE).get_page(request.GET.get("page"))
    context = {"form": form, "page": page, "is_filtered": any(asked.values()), "here": request.get_full_path()}
    return render(request, "sessions/messages/outbox.html", context)


@require_safe
@requires("sessions.use_outbox")
def message(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show one message as it went out."""
    row = reads.message_or_404(request.clinic, public_id)
    return render(request, "sessions/messages/message.html", {"message": row, "here": request.path})


@require_POST
@requires("sessions.use_outbox")
def retry_message(request: HttpRequest, public_id: UUID) -> HttpResponse:
    row = reads.message_or_404(request.clinic, public_id)
    try:
        reminders.retry_message(actor=request.user, reminder=row)
        messages.success(request, _("It goes out again in a moment."))
    except Refused as refused:
        messages.error(request, refused.message)
    return redirect(own_address(request) or "sessions:outbox")


@require_POST
@requires("sessions.book")
def settle_reply(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The wish for another time was dealt with: it leaves the list."""
    reply = reply_or_404(request.clinic, public_id)
    replies.settle_reply(actor=request.user, reply=reply)
    return redirect(own_address(request) or "sessions:today")
