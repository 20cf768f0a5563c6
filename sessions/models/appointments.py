"""Appointment: a patient, a practitioner, a room or place, and two instants. Moving updates the same row."""

from datetime import datetime, timedelta

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.constraints import NoOverlap, one_of
from mesoclinic.core.localtime import local_day
from mesoclinic.core.models import ClinicOwned, Site, User
from patients.models import Patient, Place

from .availability import Practitioner, Room
from .courses import PlannedSession
from .rounds import MOST_TRAVEL_MIN, Round


class AppointmentKind(models.TextChoices):
    FIRST_VISIT = "first_visit", _("First visit")
    SESSION = "session", _("Session")
    REVIEW = "review", _("Review")
    OTHER = "other", _("Other")


class AppointmentStatus(models.TextChoices):
    OFFERED = "offered", _("Offered")
    BOOKED = "booked", _("Booked")
    ARRIVED = "arrived", _("Arrived")
    IN_PROGRESS = "in_progress", _("In progress")
    FULFILLED = "fulfilled", _("Done")
    NOT_TREATED = "not_treated", _("Not treated")
    CANCELLED = "cancelled", _("Cancelled")
    NO_SHOW = "no_show", _("Did not come")
    ENTERED_IN_ERROR = "entered_in_error", _("Entered in error")
    MOVING = "moving", _("Being moved")  # only inside one transaction, while many are moved at once


LIVE_STATUSES = ("offered", "booked", "arrived", "in_progress", "fulfilled")
OPEN_STATUSES = ("offered", "booked", "arrived", "in_progress")
NEVER_STOOD = ("offered", "moving", "entered_in_error")  # never a time that was promised to anybody
IS_LIVE = Q(status__in=LIVE_STATUSES)


class CancelledBy(models.TextChoices):
    PATIENT = "patient", _("Patient or owner")
    CLINIC = "clinic", _("Clinic")
    NOBODY = "", ""


class AppointmentQuerySet(models.QuerySet["Appointment"]):
    def live(self):
        return self.filter(IS_LIVE)

    def between(self, starts_at, ends_at):
        """Those that touch the half-open span of instants."""
        return self.filter(starts_at__lt=ends_at, ends_at__gt=starts_at)


class Appointment(ClinicOwned):
    Kind, Status, CancelledBy = AppointmentKind, AppointmentStatus, CancelledBy

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+", verbose_name=_("site"))
    kind = models.CharField(_("kind"), max_length=12, choices=AppointmentKind, default=AppointmentKind.SESSION)
    patient = models.ForeignKey(
        Patient, on_delete=models.PROTECT, related_name="appointments", verbose_name=_("patient")
    )
    practitioner = models.ForeignKey(
        Practitioner, on_delete=models.PROTECT, related_name="appointments", verbose_name=_("practitioner")
    )
    room = models.ForeignKey(
        Room, on_delete=models.PROTECT, null=True, blank=True, related_name="appointments", verbose_name=_("room")
    )
    place = models.ForeignKey(
        Place, on_delete=models.PROTECT, null=True, blank=True, related_name="appointments", verbose_name=_("place")
    )
    planned_session = models.ForeignKey(
        PlannedSession, on_delete=models.SET_NULL, null=True, blank=True, related_name="appointments"
    )
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    status = models.CharField(_("status"), max_length=20, choices=AppointmentStatus, default=AppointmentStatus.BOOKED)
    offered_until = models.DateTimeField(_("offer ends"), null=True, blank=True)
    in_place_of = models.ForeignKey(  # a time held for a visit that must move, until the patient agrees
        "self", on_delete=models.CASCADE, null=True, blank=True, related_name="held_times"
    )
    reason = models.CharField(_("reason for the visit"), max_length=300, blank=True)
    note = models.CharField(_("note"), max_length=500, blank=True)
    is_squeezed_in = models.BooleanField(_("squeezed in"), default=False)
    exception_reason = models.CharField(_("why all the same"), max_length=300, blank=True)
    # Put on a day blocked for the patient by somebody who said why; a day blocked later asks for another time.
    is_on_blocked_day = models.BooleanField(default=False, db_default=False)
    cancelled_by = models.CharField(_("cancelled by"), max_length=8, choices=CancelledBy, blank=True, default="")
    status_reason = models.CharField(_("why"), max_length=300, blank=True)
    status_at = models.DateTimeField(null=True, blank=True)
    arrived_at = models.DateTimeField(_("arrived at"), null=True, blank=True)
    round = models.ForeignKey(
        Round, on_delete=models.PROTECT, null=True, blank=True, related_name="visits", verbose_name=_("round")
    )
    # The way to the first visit of a round and back from the last: the practitioner is busy then (docs/adr/0060).
    travel_before_min = models.PositiveSmallIntegerField(_("minutes on the way there"), default=0, db_default=0)
    travel_after_min = models.PositiveSmallIntegerField(_("minutes on the way back"), default=0, db_default=0)
    moved_count = models.PositiveSmallIntegerField(default=0)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    booking_token = models.UUIDField(null=True, blank=True, unique=True, editable=False)  # a form sent twice books once

    objects = AppointmentQuerySet.as_manager()

    class Meta:
        ordering = ["starts_at", "id"]
        indexes = [
            models.Index(fields=["practitioner", "starts_at"], name="appointment_by_practitioner"),
            models.Index(fields=["room", "starts_at"], name="appointment_by_room"),
            models.Index(fields=["patient", "starts_at"], name="appointment_by_patient"),
            models.Index(fields=["site", "starts_at"], name="appointment_by_site"),
            # The few that nobody closed, among years of visits that are over.
            models.Index(fields=["site", "starts_at"], condition=Q(status__in=OPEN_STATUSES), name="appointment_open"),
            # The fewer that still hold a time: swept, and looked for by every booking.
            models.Index(fields=["offered_until"], condition=Q(status="offered"), name="appointment_offered"),
        ]
        constraints = [
            one_of("kind", AppointmentKind, name="appointment_kind_known"),
            one_of("status", AppointmentStatus, name="appointment_status_known"),
            one_of("cancelled_by", CancelledBy, name="appointment_cancelled_by_known"),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")),
                name="appointment_in_order",
                violation_error_message=_("The end is not after the beginning."),
            ),
            models.CheckConstraint(
                condition=Q(room__isnull=True) | Q(place__isnull=True),
                name="appointment_room_or_place",
                violation_error_message=_("An appointment is in a room or at a place, not both."),
            ),
            models.CheckConstraint(
                condition=~Q(status="offered") | Q(offered_until__isnull=False),
                name="appointment_offer_ends",
                violation_error_message=_("An offer says until when it holds."),
            ),
            models.CheckConstraint(
                condition=~Q(status="cancelled") | (~Q(cancelled_by="") & ~Q(status_reason="")),
                name="appointment_cancel_says_why",
                violation_error_message=_("Say who cancelled, and why."),
            ),
            models.CheckConstraint(
                condition=~Q(status="not_treated") | ~Q(status_reason=""),
                name="appointment_not_treated_says_why",
                violation_error_message=_("Say why the patient was not treated."),
            ),
            models.CheckConstraint(
                condition=Q(is_squeezed_in=False) | ~Q(exception_reason=""),
                name="appointment_squeeze_says_why",
                violation_error_message=_("Say why this visit is squeezed in."),
            ),
            models.CheckConstraint(
                condition=Q(in_place_of__isnull=True)
                | Q(planned_session__isnull=True, status__in=["offered", "cancelled", "moving"]),
                name="appointment_held_time_is_offer",
                violation_error_message=_("A held time is an offer until the patient agrees."),
            ),
            models.UniqueConstraint(
                fields=["in_place_of"],
                condition=IS_LIVE,
                name="appointment_one_held_time",
                violation_error_message=_("Another time is already held for this visit."),
            ),
            models.CheckConstraint(
                condition=Q(travel_before_min__lte=MOST_TRAVEL_MIN, travel_after_min__lte=MOST_TRAVEL_MIN),
                name="appointment_travel_sane",
                violation_error_message=_("Travel takes at most 600 minutes."),
            ),
            models.UniqueConstraint(
                fields=["planned_session"],
                condition=IS_LIVE,
                name="appointment_once_a_session",
                violation_error_message=_("This session is already booked."),
            ),
            NoOverlap(
                name="appointment_practitioner_free",
                resource="practitioner",
                condition=IS_LIVE & Q(is_squeezed_in=False),
                before="travel_before_min",
                after="travel_after_min",
                violation_error_message=_("The practitioner is not free then."),
            ),
            NoOverlap(
                name="appointment_room_free",
                resource="room",
                condition=IS_LIVE,
                violation_error_message=_("The room is not free then."),
            ),
            NoOverlap(
                name="appointment_patient_free",
                resource="patient",
                condition=IS_LIVE & Q(in_place_of__isnull=True),  # a held time may be the very hour it stands in for
                violation_error_message=_("The patient already has an appointment then."),
            ),
        ]

    def __str__(self) -> str:
        zone = self.site.zone if Appointment.site.is_cached(self) else None  # never a query for a name
        return f"{self.patient} {timezone.localtime(self.starts_at, zone):%Y-%m-%d %H:%M}"

    @property
    def can_do_without_record(self) -> bool:
        """Whether this is a talk, not a treatment: a first visit, a review or another one without a session."""
        return self.kind != AppointmentKind.SESSION and self.planned_session_id is None

    @property
    def can_change_kind(self) -> bool:
        """Whether it may still turn out to be for something else: not final, and no session of a course."""
        return self.status in OPEN_STATUSES and self.planned_session_id is None and self.in_place_of_id is None

    @property
    def listed_reason(self) -> str:
        """The reason in lists that others read too; of a restricted file it stands on the visit's page, behind the door."""
        return "" if self.patient and self.patient.is_restricted else self.reason

    @property
    def listed_note(self) -> str:
        """The note in such lists."""
        return "" if self.patient and self.patient.is_restricted else self.note

    @property
    def leaves_at(self) -> datetime:
        """When the practitioner sets out for this visit; its beginning for all but the first of a round."""
        return self.starts_at - timedelta(minutes=self.travel_before_min)

    @property
    def back_at(self) -> datetime:
        """When the practitioner is back; its end for all but the last visit of a round."""
        return self.ends_at + timedelta(minutes=self.travel_after_min)

    @property
    def is_live(self) -> bool:
        return self.status in LIVE_STATUSES

    def is_on_a_later_day(self, now: datetime) -> bool:
        """Say whether its day, in the clinic's time, is still to come."""
        return local_day(self.starts_at, self.site.zone) > local_day(now, self.site.zone)

    def has_run_out(self, now: datetime) -> bool:
        """Say whether this is an offer that nobody took in time: it holds nobody's time any more."""
        return self.status == AppointmentStatus.OFFERED and self.offered_until is not None and self.offered_until <= now
