"""What becomes known after a session: how a reaction went on, which lot is suspected, and who was asked. Only added to."""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.constraints import one_of
from mesoclinic.core.models import Identified, User
from protocols.models import Lot

from .adverse_events import AdverseEvent
from .records import SessionRecord


class EventOutcome(models.TextChoices):
    """FHIR R4's words for the outcome of an adverse event."""

    ONGOING = "ongoing", _("Goes on")
    RECOVERING = "recovering", _("Gets better")
    RESOLVED = "resolved", _("Over")
    SEQUELAE = "sequelae", _("Over, and left a mark")
    FATAL = "fatal", _("Died of it")
    UNKNOWN = "", _("Not known")


class AdverseEventUpdate(Identified):
    """What was learnt of a reaction. The last outcome told holds; a lot suspected is warned of until an update clears it."""

    Outcome = EventOutcome

    event = models.ForeignKey(AdverseEvent, on_delete=models.PROTECT, related_name="updates")
    outcome = models.CharField(_("how it went on"), max_length=10, choices=EventOutcome, blank=True, default="")
    suspected_lot = models.ForeignKey(
        Lot, on_delete=models.PROTECT, null=True, blank=True, related_name="suspicions", verbose_name=_("suspected lot")
    )
    cleared_lot = models.ForeignKey(
        Lot, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("no longer suspected")
    )
    note = models.CharField(_("note"), max_length=500, blank=True)
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["at", "id"]
        constraints = [
            one_of("outcome", EventOutcome, name="event_update_outcome_known"),
            models.CheckConstraint(
                condition=~Q(outcome="", suspected_lot__isnull=True, note=""),
                name="event_update_says_something",
                violation_error_message=_("Say how it went on, which lot is suspected, or what else is known."),
            ),
            models.CheckConstraint(
                condition=Q(cleared_lot__isnull=True) | ~Q(note=""),
                name="event_update_clears_with_reason",
                violation_error_message=_("Say in the note why this lot is no longer suspected."),
            ),
            models.CheckConstraint(
                condition=~Q(cleared_lot=F("suspected_lot")),
                name="event_update_not_both",
                violation_error_message=_("A lot is suspected or no longer suspected, not both."),
            ),
        ]

    def __str__(self) -> str:
        return str(self.get_outcome_display())


class FollowUpAnswer(models.TextChoices):
    NOTHING = "nothing", _("Nothing unusual")
    REACTION = "reaction", _("Something was seen")
    NOT_REACHED = "not_reached", _("Not reached")


class FollowUp(Identified):
    """That somebody was asked how the injected places look, weeks after a session, and what they said."""

    Answer = FollowUpAnswer

    record = models.ForeignKey(SessionRecord, on_delete=models.PROTECT, related_name="follow_ups")
    answer = models.CharField(_("answer"), max_length=11, choices=FollowUpAnswer)
    note = models.CharField(_("note"), max_length=500, blank=True)
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["record", "-at"], name="follow_up_by_record")]
        constraints = [one_of("answer", FollowUpAnswer, name="follow_up_answer_known")]

    def __str__(self) -> str:
        return str(self.get_answer_display())
