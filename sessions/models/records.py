"""SessionRecord and all that belongs to it. Once signed, triggers on both engines refuse any change."""

from decimal import Decimal

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.constraints import one_of
from mesoclinic.core.models import ClinicOwned, User
from patients.models import Patient
from protocols.models import Lot, StockMovement, Substance, Technique
from protocols.models.protocols import Device, LineRole
from protocols.models.recalls import folded
from protocols.models.substances import StrengthUnit
from sessions.recording import SEDATION

from .appointments import Appointment
from .availability import Practitioner
from .courses import BodySide, Course, PlannedSession


class RecordStatus(models.TextChoices):
    DRAFT = "draft", _("Draft")
    DONE = "done", _("Done")
    SIGNED = "signed", _("Signed")


class EffectUnit(models.TextChoices):
    HOURS = "hours", _("hours")
    DAYS = "days", _("days")
    NONE = "", ""


class SessionRecordQuerySet(models.QuerySet["SessionRecord"]):
    def standing(self):
        """Those that count: not withdrawn as written for the wrong patient."""
        return self.exclude(addenda__kind="withdrawal")

    def finished(self):
        """Done or signed, and standing."""
        return self.standing().exclude(status=RecordStatus.DRAFT)


class SessionRecord(ClinicOwned):
    """What was done at one session. Draft until done (who, when), then signed and frozen.

    A visit or planned session has one standing record; `attempt` counts those withdrawn before it, plus one, so that a
    withdrawn record stays where it was written and a right one can take its place. `draft` keeps what was typed while
    it cannot be stored as rows yet.
    """

    Status, EffectUnit = RecordStatus, EffectUnit

    appointment = models.ForeignKey(
        Appointment, on_delete=models.PROTECT, null=True, blank=True, related_name="records"
    )
    course = models.ForeignKey(Course, on_delete=models.PROTECT, null=True, blank=True, related_name="records")
    planned_session = models.ForeignKey(
        PlannedSession, on_delete=models.PROTECT, null=True, blank=True, related_name="records"
    )
    attempt = models.PositiveSmallIntegerField(default=1, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="records")
    status = models.CharField(_("status"), max_length=6, choices=RecordStatus, default=RecordStatus.DRAFT)
    edit_count = models.PositiveIntegerField(default=0)  # what a tablet saw: an older one never overwrites a newer
    edit_token = models.CharField(max_length=36, blank=True, editable=False)  # the page that saved last may save again
    edited_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+", editable=False)
    draft = models.JSONField(default=dict, blank=True, editable=False)
    findings = models.JSONField(_("what the mix check said"), default=list, blank=True, editable=False)
    performed_at = models.DateTimeField(_("performed at"), null=True, blank=True)
    performed_by = models.ForeignKey(
        Practitioner, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("performed by")
    )
    is_early = models.BooleanField(_("early"), default=False)
    is_late_entry = models.BooleanField(_("late entry"), default=False)
    checklist = models.JSONField(_("checklist"), default=dict)
    weight_kg = models.DecimalField(_("weight (kg)"), max_digits=6, decimal_places=2, null=True, blank=True)
    weight_is_estimated = models.BooleanField(_("estimated"), default=False)
    is_dry = models.BooleanField(_("dry: needle without a mix"), default=False)
    technique = models.ForeignKey(
        Technique, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("technique")
    )
    device = models.CharField(_("device"), max_length=20, choices=Device, blank=True, default="")
    device_number = models.CharField(_("device and sterile part"), max_length=120, blank=True)
    needle = models.CharField(_("needle"), max_length=80, blank=True)
    needle_length_mm = models.DecimalField(
        _("needle length (mm)"), max_digits=4, decimal_places=1, null=True, blank=True
    )
    depth_mm = models.DecimalField(_("depth (mm)"), max_digits=4, decimal_places=1, null=True, blank=True)
    shots = models.PositiveIntegerField(_("shots"), null=True, blank=True)
    relief_seconds = models.PositiveIntegerField(_("seconds to relief"), null=True, blank=True)
    effect_duration = models.DecimalField(
        _("effect lasted since last time"), max_digits=6, decimal_places=1, null=True, blank=True
    )
    effect_unit = models.CharField(_("unit"), max_length=5, choices=EffectUnit, blank=True, default="")
    sedation = models.CharField(_("sedation"), max_length=300, blank=True)
    aftercare = models.TextField(_("aftercare"), max_length=2000, blank=True)
    notes = models.TextField(_("notes"), max_length=5000, blank=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    done_at = models.DateTimeField(_("done at"), null=True, blank=True, editable=False)  # the tap, not the injection
    signed_at = models.DateTimeField(_("signed at"), null=True, blank=True)
    signed_by = models.ForeignKey(
        Practitioner, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("signed by")
    )
    signed_for_reason = models.CharField(_("why somebody else signed"), max_length=300, blank=True, default="")

    objects = SessionRecordQuerySet.as_manager()

    class Meta:
        ordering = ["-performed_at", "-id"]
        indexes = [
            models.Index(fields=["course", "performed_at"], name="record_by_course"),
            models.Index(fields=["patient", "performed_at"], name="record_by_patient"),
            models.Index(fields=["clinic", "status"], condition=~Q(status="signed"), name="record_unsigned"),
            models.Index(fields=["clinic", "performed_at"], name="record_by_day"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["appointment", "attempt"],
                name="record_once_a_visit",
                violation_error_message=_("This visit already has a record."),
            ),
            models.UniqueConstraint(
                fields=["planned_session", "attempt"],
                name="record_once_a_session",
                violation_error_message=_("This session already has a record."),
            ),
            one_of("status", RecordStatus, name="record_status_known"),
            one_of("device", Device, name="record_device_known"),
            one_of("effect_unit", EffectUnit, name="record_effect_unit_known"),
            models.CheckConstraint(
                condition=Q(status="draft") | Q(performed_at__isnull=False, performed_by__isnull=False),
                name="record_done_by_whom",
                violation_error_message=_("Say who gave the session, and when."),
            ),
            models.CheckConstraint(
                condition=Q(status="signed", signed_at__isnull=False, signed_by__isnull=False)
                | (~Q(status="signed") & Q(signed_at__isnull=True, signed_by__isnull=True)),
                name="record_signed_by_whom",
                violation_error_message=_("Say who signed, and when."),
            ),
            models.CheckConstraint(
                condition=Q(depth_mm__isnull=True) | Q(depth_mm__range=("0.1", "13")),
                name="record_depth_sane",
                violation_error_message=_("A depth is between 0.1 and 13 mm."),
            ),
            models.CheckConstraint(
                condition=Q(shots__isnull=True) | Q(shots__range=(1, 5000)),
                name="record_shots_sane",
                violation_error_message=_("Shots are between 1 and 5000."),
            ),
            models.CheckConstraint(
                condition=Q(relief_seconds__isnull=True) | Q(relief_seconds__lte=86400),
                name="record_relief_sane",
                violation_error_message=_("Relief within a day, in seconds."),
            ),
            models.CheckConstraint(
                condition=Q(effect_duration__isnull=True, effect_unit="")
                | (Q(effect_duration__gte=0) & ~Q(effect_unit="")),
                name="record_effect_has_unit",
                violation_error_message=_("Say whether the effect lasted hours or days."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.patient} {self.performed_at:%Y-%m-%d}" if self.performed_at else str(self.patient)

    @property
    def is_signed(self) -> bool:
        return self.status == RecordStatus.SIGNED


class GivenRole(models.TextChoices):
    """What a line given was for: a part of the mix, or beside it in a syringe of its own."""

    BASE = LineRole.BASE.value, LineRole.BASE.label
    VASODILATOR = LineRole.VASODILATOR.value, LineRole.VASODILATOR.label
    ADD_IN = LineRole.ADD_IN.value, LineRole.ADD_IN.label
    SEDATION = SEDATION, _("Sedation")


class Administration(models.Model):
    """One line of what was given, with its own lot; mg follow from mL given. All but sedation make the mix."""

    Role = GivenRole

    record = models.ForeignKey(SessionRecord, on_delete=models.CASCADE, related_name="administrations")
    position = models.PositiveSmallIntegerField()
    role = models.CharField(_("role"), max_length=12, choices=GivenRole)
    substance = models.ForeignKey(Substance, on_delete=models.PROTECT, related_name="+", verbose_name=_("substance"))
    strength = models.DecimalField(_("strength"), max_digits=12, decimal_places=4, null=True, blank=True)
    strength_unit = models.CharField(_("unit"), max_length=10, choices=StrengthUnit, blank=True, default="")
    syringe = models.CharField(_("syringe"), max_length=1, default="A")
    prepared_ml = models.DecimalField(_("prepared (mL)"), max_digits=7, decimal_places=3)
    given_ml = models.DecimalField(_("given (mL)"), max_digits=7, decimal_places=3)
    wasted_ml = models.DecimalField(_("wasted (mL)"), max_digits=7, decimal_places=3, default=0)
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, null=True, blank=True, related_name="administrations")
    lot_number = models.CharField(_("lot"), max_length=60, blank=True)
    expires_on = models.DateField(_("expires on"), null=True, blank=True)
    stock_movement = models.OneToOneField(
        StockMovement, on_delete=models.PROTECT, null=True, blank=True, related_name="administration"
    )

    class Meta:
        ordering = ["record", "position"]
        indexes = [models.Index(folded("lot_number"), name="administration_by_number")]
        constraints = [
            models.UniqueConstraint(fields=["record", "position"], name="administration_position_unique"),
            one_of("role", GivenRole, name="administration_role_known"),
            one_of("strength_unit", StrengthUnit, name="administration_unit_known"),
            models.CheckConstraint(
                condition=Q(prepared_ml__gt=0, prepared_ml__lte=1000, given_ml__gte=0, wasted_ml__gte=0),
                name="administration_volume_sane",
                violation_error_message=_("A volume is above 0 and at most 1000 mL."),
            ),
            models.CheckConstraint(
                condition=Q(prepared_ml__gte=F("given_ml") + F("wasted_ml")),
                name="administration_no_more_than_prepared",
                violation_error_message=_("More was given and wasted than prepared."),
            ),
            models.CheckConstraint(condition=Q(syringe__in=["A", "B", "C", "D"]), name="administration_syringe_known"),
        ]

    def __str__(self) -> str:
        return f"{self.substance} {self.given_ml} mL"

    @property
    def is_sedation(self) -> bool:
        return self.role == SEDATION


class InjectionSite(models.Model):
    record = models.ForeignKey(SessionRecord, on_delete=models.CASCADE, related_name="injection_sites")
    position = models.PositiveSmallIntegerField()
    region = models.CharField(_("region"), max_length=80)
    side = models.CharField(_("side"), max_length=8, choices=BodySide, blank=True, default="")
    row = models.PositiveSmallIntegerField(_("row"), null=True, blank=True)
    technique = models.ForeignKey(Technique, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    depth_mm = models.DecimalField(_("depth (mm)"), max_digits=4, decimal_places=1, null=True, blank=True)
    points = models.PositiveIntegerField(_("points"), null=True, blank=True)
    volume_per_point_ml = models.DecimalField(
        _("volume per point (mL)"), max_digits=6, decimal_places=3, null=True, blank=True
    )
    syringe = models.CharField(_("syringe"), max_length=1, default="A")
    is_reactive = models.BooleanField(_("stings here"), default=False)
    map_points = models.JSONField(default=list, blank=True)  # [[view, x, y], …] in the body map's own units

    class Meta:
        ordering = ["record", "position"]
        constraints = [
            models.UniqueConstraint(fields=["record", "position"], name="injection_site_position_unique"),
            one_of("side", BodySide, name="injection_site_side_known"),
            models.CheckConstraint(
                condition=~Q(region=""), name="injection_site_has_region", violation_error_message=_("Name the region.")
            ),
            models.CheckConstraint(
                condition=Q(points__isnull=True) | Q(points__range=(1, 5000)),
                name="injection_site_points_sane",
                violation_error_message=_("Points are between 1 and 5000."),
            ),
            models.CheckConstraint(
                condition=Q(depth_mm__isnull=True) | Q(depth_mm__range=("0.1", "13")),
                name="injection_site_depth_sane",
                violation_error_message=_("A depth is between 0.1 and 13 mm."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.region_words} {str(self.get_side_display()).lower()}".strip()

    @property
    def region_words(self) -> str:
        """The region in the reader's language where it is one the program knows."""
        return gettext(self.region) if self.region else ""

    @property
    def volume_ml(self) -> Decimal | None:
        """What all its points took together; None while either number is missing."""
        if self.points is None or self.volume_per_point_ml is None:
            return None
        return self.points * self.volume_per_point_ml


class Scale(models.TextChoices):
    PAIN = "pain", _("Pain (0–10)")
    LAMENESS = "lameness", _("Lameness (0–5)")
    BEHAVIOUR = "behaviour", _("Behaviour after")
    SATISFACTION = "satisfaction", _("Satisfaction (0–10)")


class Moment(models.TextChoices):
    BEFORE = "before", _("Before")
    AFTER = "after", _("After")


class RatedBy(models.TextChoices):
    PATIENT = "patient", _("Patient")
    OWNER = "owner", _("Owner")
    CLINICIAN = "clinician", _("Clinician")


class Score(models.Model):
    """Behaviour after is 1 brighter, 2 more relaxed, 3 unchanged, 4 worse."""

    Scale, Moment, RatedBy = Scale, Moment, RatedBy

    record = models.ForeignKey(SessionRecord, on_delete=models.CASCADE, related_name="scores")
    scale = models.CharField(_("scale"), max_length=12, choices=Scale)
    moment = models.CharField(_("when"), max_length=6, choices=Moment)
    value = models.DecimalField(_("value"), max_digits=4, decimal_places=1)
    rated_by = models.CharField(_("rated by"), max_length=10, choices=RatedBy, default=RatedBy.PATIENT)

    class Meta:
        ordering = ["record", "scale", "moment"]
        constraints = [
            models.UniqueConstraint(
                fields=["record", "scale", "moment", "rated_by"],
                name="score_once",
                violation_error_message=_("This score is already there."),
            ),
            one_of("scale", Scale, name="score_scale_known"),
            one_of("moment", Moment, name="score_moment_known"),
            one_of("rated_by", RatedBy, name="score_rated_by_known"),
            models.CheckConstraint(
                condition=Q(scale__in=["pain", "satisfaction"], value__range=(0, 10))
                | Q(scale="lameness", value__range=(0, 5))
                | Q(scale="behaviour", value__in=[1, 2, 3, 4]),
                name="score_within_scale",
                violation_error_message=_("The value is outside the scale."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.scale} {self.moment} {self.value}"


class Override(models.Model):
    """A finding of the mix check that a practitioner went past, prescribing or recording; printed on the report."""

    course = models.ForeignKey(Course, on_delete=models.CASCADE, null=True, blank=True, related_name="overrides")
    record = models.ForeignKey(SessionRecord, on_delete=models.CASCADE, null=True, blank=True, related_name="overrides")
    rule = models.CharField(_("rule"), max_length=60)
    key = models.CharField(max_length=500, blank=True, editable=False)  # of the finding: other numbers, other key
    finding = models.TextField(_("finding"), max_length=1000)
    # What says the finding in another language, of a prescription; a record's own findings hold it, and are signed.
    sentence = models.JSONField(null=True, blank=True, editable=False)
    reason = models.CharField(_("reason"), max_length=500)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(course__isnull=False) ^ Q(record__isnull=False),
                name="override_of_one",
                violation_error_message=_("An override belongs to a prescription or to a record."),
            ),
            models.CheckConstraint(
                condition=~Q(reason=""), name="override_says_why", violation_error_message=_("Say why.")
            ),
        ]

    def __str__(self) -> str:
        return self.rule
