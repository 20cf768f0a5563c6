"""CalendarFeed: a secret address under which somebody's own calendar reads the visits. Only its hash is kept.

FeedLine: what it has told of a visit, so that it can take it back.
"""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.models import ClinicOwned, User
from patients.models import Party, Patient

from .availability import Practitioner


class CalendarFeed(ClinicOwned):
    """Of one practitioner, one contact (all their animals or children) or one patient."""

    practitioner = models.ForeignKey(
        Practitioner, on_delete=models.CASCADE, null=True, blank=True, related_name="calendar_feeds"
    )
    party = models.ForeignKey(Party, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    secret_hash = models.CharField(max_length=64, unique=True, editable=False)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(_("made"), default=timezone.now, editable=False)
    revoked_at = models.DateTimeField(_("taken back"), null=True, blank=True)
    revoked_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    last_used_at = models.DateTimeField(_("last read"), null=True, blank=True)
    content_hash = models.CharField(max_length=64, blank=True, editable=False)
    changed_at = models.DateTimeField(null=True, blank=True, editable=False)  # when what it says last changed

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(practitioner__isnull=False, party__isnull=True, patient__isnull=True)
                | Q(practitioner__isnull=True, party__isnull=False, patient__isnull=True)
                | Q(practitioner__isnull=True, party__isnull=True, patient__isnull=False),
                name="calendar_feed_of_one",
                violation_error_message=_("A calendar address belongs to one practitioner, contact or patient."),
            ),
            *(
                models.UniqueConstraint(
                    fields=[owner],
                    condition=Q(revoked_at__isnull=True, **{f"{owner}__isnull": False}),
                    name=f"calendar_feed_once_a_{owner}",
                    violation_error_message=_("There is a calendar address already. Take it back first."),
                )
                for owner in ("practitioner", "party", "patient")
            ),
        ]

    def __str__(self) -> str:
        return str(self.practitioner or self.party or self.patient)


class FeedLine(models.Model):
    """A visit as a feed told it last: when its reader may see it no more, it is told as cancelled at that time.

    `ahead` is how far `sequence` runs ahead of the visit's own: it was taken back and given again meanwhile.
    """

    feed = models.ForeignKey(CalendarFeed, on_delete=models.CASCADE, related_name="lines")
    visit_uid = models.UUIDField()  # no key: a time that was only held is deleted, and taken back all the same
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    sequence = models.PositiveIntegerField(default=0)
    ahead = models.PositiveIntegerField(default=0)
    is_gone = models.BooleanField(default=False)
    turned_at = models.DateTimeField(null=True, blank=True)  # when it was last taken back or given again

    class Meta:
        indexes = [models.Index(fields=["feed", "starts_at"], name="feed_line_by_time")]
        constraints = [
            models.UniqueConstraint(fields=["feed", "visit_uid"], name="feed_line_once"),
            models.CheckConstraint(
                condition=models.Q(is_gone=False) | models.Q(turned_at__isnull=False), name="feed_line_gone_says_when"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.feed} {self.starts_at:%Y-%m-%d %H:%M}"
