"""Course, its revisions, planned sessions and reviews."""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from mesoclinic.core.constraints import in_order, one_of
from mesoclinic.core.models import ClinicOwned, Identified, Site, User
from patients.models import Patient
from protocols.models import Indication, ProtocolVersion

from .availability import Practitioner


class CourseStatus(models.TextChoices):
    DRAFT = "draft", _("Draft")
    ACTIVE = "active", _("Active")
    PAUSED = "paused", _("Paused")
    COMPLETED = "completed", _("Completed")
    STOPPED = "stopped", _("Stopped")


# What a course can be: prescribing begins it at once, so none is ever a draft (ADR 0270).
STATUS_CHOICES = [(value, label) for value, label in CourseStatus.choices if value != CourseStatus.DRAFT]
OPEN_COURSES = (CourseStatus.ACTIVE, CourseStatus.PAUSED)


class BodySide(models.TextChoices):
    LEFT = "left", _("Left")
    RIGHT = "right", _("Right")
    BOTH = "both", _("Both sides")
    MIDLINE = "midline", _("Midline")
    UNSTATED = "", _("Not stated")


class Course(ClinicOwned):
    """One patient, one protocol version, one tapering series.

    `plan_wanted` counts requests to plan; the planner stores in `plan_made` the wanted value it read. While they
    differ the sweep rings again, so no request is lost or overwritten.
    """

    Status, Side = CourseStatus, BodySide

    number = models.PositiveIntegerField(_("course number"), editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="courses", verbose_name=_("patient"))
    protocol_version = models.ForeignKey(
        ProtocolVersion, on_delete=models.PROTECT, related_name="courses", verbose_name=_("protocol")
    )
    indication = models.ForeignKey(Indication, on_delete=models.PROTECT, related_name="+", verbose_name=_("indication"))
    side = models.CharField(_("side"), max_length=8, choices=BodySide, blank=True, default="")
    complaint = models.CharField(_("in your own words"), max_length=500, blank=True)
    tried_before = models.TextField(_("tried before"), max_length=2000, blank=True)
    combined_with = models.TextField(_("combined with"), max_length=2000, blank=True)
    lead_practitioner = models.ForeignKey(
        Practitioner, on_delete=models.PROTECT, related_name="led_courses", verbose_name=_("lead practitioner")
    )
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+", verbose_name=_("site"))
    start_on = models.DateField(_("first session on"))
    cadence = models.CharField(_("cadence"), max_length=1000)
    status = models.CharField(_("status"), max_length=10, choices=CourseStatus, default=CourseStatus.DRAFT)
    status_reason = models.TextField(_("reason"), max_length=1000, blank=True)
    status_at = models.DateTimeField(null=True, blank=True)
    lapsed_on = models.DateField(_("lapsed on"), null=True, blank=True)
    plan_wanted = models.PositiveIntegerField(default=0)
    plan_made = models.PositiveIntegerField(default=0)
    plan_wanted_at = models.DateTimeField(null=True, blank=True)
    plan_problem = models.CharField(max_length=300, blank=True)  # a key with its day, in words said by plan_problems
    billing_note = models.CharField(_("billing note"), max_length=300, blank=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    history = HistoricalRecords(excluded_fields=["plan_wanted", "plan_made", "plan_wanted_at", "plan_problem"])

    class Meta:
        ordering = ["-start_on", "-id"]
        indexes = [
            models.Index(fields=["clinic", "status"], name="course_by_status"),
            models.Index(fields=["plan_wanted_at"], condition=Q(plan_made__lt=F("plan_wanted")), name="course_to_plan"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["clinic", "number"], name="course_number_unique"),
            one_of("status", CourseStatus, name="course_status_known"),
            one_of("side", BodySide, name="course_side_known"),
            models.CheckConstraint(
                condition=~Q(status__in=["stopped", "paused"]) | ~Q(status_reason=""),
                name="course_stop_says_why",
                violation_error_message=_("Say why the course was paused or stopped."),
            ),
            models.CheckConstraint(
                condition=Q(plan_made__lte=F("plan_wanted")),
                name="course_plan_made_was_wanted",
                violation_error_message=_("A plan is made only when it was asked for."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.patient} · {self.indication}"

    @property
    def is_planned(self) -> bool:
        """Whether the plan on the page is the one last asked for."""
        return self.plan_made == self.plan_wanted

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_COURSES


class RevisionKind(models.TextChoices):
    PRESCRIBED = "prescribed", _("Prescribed")
    CHANGED = "changed", _("Cadence changed")
    STEPPED_BACK = "stepped_back", _("One phase back")
    RESTARTED = "restarted", _("Restarted")
    EXTENDED = "extended", _("Extended")


class CourseRevision(models.Model):
    """The cadence a course follows from session `from_number` on, beginning at `from_phase` of it. Append-only."""

    Kind = RevisionKind

    course = models.ForeignKey(Course, on_delete=models.CASCADE, related_name="revisions")
    number = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=12, choices=RevisionKind, default=RevisionKind.PRESCRIBED)
    cadence = models.CharField(_("cadence"), max_length=1000)
    from_number = models.PositiveSmallIntegerField(_("from session"))
    from_phase = models.PositiveSmallIntegerField(_("from phase"), default=1)
    start_on = models.DateField(_("not before"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["course", "number"]
        constraints = [
            models.UniqueConstraint(fields=["course", "number"], name="course_revision_unique"),
            one_of("kind", RevisionKind, name="course_revision_kind_known"),
            models.CheckConstraint(
                condition=Q(from_number__gte=1, from_phase__gte=1), name="course_revision_counts_from_one"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.course_id} revision {self.number}"


class PlannedStatus(models.TextChoices):
    PLANNED = "planned", _("To book")
    BOOKED = "booked", _("Booked")
    DONE = "done", _("Done")
    SKIPPED = "skipped", _("Skipped")


OUT_OF_PLAN = "out_of_plan"  # the plan no longer has this session, but it is, or was once, booked
LEFT_OPEN = "left_open"  # a later session has been done before this one


class PlannedSession(Identified):
    """One session of the plan: local days of the course's site, no clock time. Rows are keyed by (course, number)."""

    Status = PlannedStatus

    course = models.ForeignKey(Course, on_delete=models.CASCADE, related_name="planned_sessions")
    number = models.PositiveSmallIntegerField(_("session"))
    revision = models.PositiveSmallIntegerField(default=1)
    phase = models.PositiveSmallIntegerField(_("phase"))
    due_on = models.DateField(_("due"))
    earliest_on = models.DateField(_("not before"))
    latest_on = models.DateField(_("not after"))
    ideal_on = models.DateField(
        null=True, blank=True, editable=False
    )  # aimed at before closures moved it: what follows is measured from here too
    minutes = models.PositiveSmallIntegerField(_("minutes"), null=True, blank=True)
    is_held = models.BooleanField(_("subject to review"), default=False)
    is_late = models.BooleanField(_("late"), default=False)
    status = models.CharField(_("status"), max_length=8, choices=PlannedStatus, default=PlannedStatus.PLANNED)
    performed_on = models.DateField(_("done on"), null=True, blank=True)
    skip_reason = models.CharField(_("why skipped"), max_length=300, blank=True)
    why = models.CharField(
        _("why this day"), max_length=300, blank=True
    )  # a code of planning.Reason, OUT_OF_PLAN or LEFT_OPEN, said in words on screen

    class Meta:
        ordering = ["course", "number"]
        indexes = [
            models.Index(fields=["due_on"], condition=Q(status="planned"), name="planned_to_book"),
            models.Index(fields=["performed_on"], condition=Q(status="done"), name="planned_done"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["course", "number"], name="planned_session_number_unique"),
            one_of("status", PlannedStatus, name="planned_session_status_known"),
            in_order(
                "earliest_on",
                "latest_on",
                name="planned_session_window_in_order",
                message=_("The last possible day is before the first."),
            ),
            models.CheckConstraint(
                condition=Q(number__range=(1, 9999)) & Q(phase__gte=1), name="planned_session_counts_from_one"
            ),
            models.CheckConstraint(
                condition=~Q(status="done") | Q(performed_on__isnull=False),
                name="planned_session_done_when",
                violation_error_message=_("A done session says on what day."),
            ),
            models.CheckConstraint(
                condition=~Q(status="skipped") | ~Q(skip_reason=""),
                name="planned_session_skip_says_why",
                violation_error_message=_("Say why the session is skipped."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.course} {self.number}"

    @property
    def is_skipped(self) -> bool:
        """Whether a person left this session out; one that fell out of the plan may come back into it."""
        return self.status == PlannedStatus.SKIPPED and self.why != OUT_OF_PLAN


class ReviewDecision(models.TextChoices):
    CONTINUE = "continue", _("Go on as planned")
    STEP_BACK = "step_back", _("One phase back")
    CHANGE = "change", _("Change the cadence")
    STOP = "stop", _("Stop the course")


class Review(Identified):
    """A practitioner's decision at a review gate: what follows `after_number` is no longer held."""

    Decision = ReviewDecision

    course = models.ForeignKey(Course, on_delete=models.CASCADE, related_name="reviews")
    revision = models.PositiveSmallIntegerField(default=1)
    after_number = models.PositiveSmallIntegerField(_("after session"))
    decision = models.CharField(_("decision"), max_length=10, choices=ReviewDecision)
    note = models.TextField(_("note"), max_length=2000, blank=True)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["course", "after_number", "at"]
        constraints = [
            one_of("decision", ReviewDecision, name="review_decision_known"),
            models.UniqueConstraint(
                fields=["course", "revision", "after_number"],
                name="review_once",
                violation_error_message=_("This review has already been recorded."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.course_id} review after {self.after_number}"
