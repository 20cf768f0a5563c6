"""Who and what can be booked, and when: Practitioner, Room, WorkingHours, Absence, Closure."""

from datetime import date, datetime, time, timedelta

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.constraints import in_order, one_of
from mesoclinic.core.models import ClinicOwned, Site, User
from mesoclinic.core.wording import date_format
from protocols.models import Species


class Practitioner(ClinicOwned):
    """Somebody who treats. Only one licensed to inject on the day may perform and sign."""

    user = models.OneToOneField(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="practitioner", verbose_name=_("user")
    )
    name = models.CharField(_("name"), max_length=200)
    profession = models.CharField(_("profession"), max_length=100, blank=True)
    species = models.ManyToManyField(Species, related_name="+", verbose_name=_("treats"), blank=True)
    may_inject = models.BooleanField(_("licensed to inject"), default=False)
    licence_number = models.CharField(_("licence number"), max_length=60, blank=True)
    licence_from_on = models.DateField(_("licence from"), null=True, blank=True)
    licence_until_on = models.DateField(_("licence until"), null=True, blank=True)
    colour = models.PositiveSmallIntegerField(_("calendar colour"), default=1)
    position = models.PositiveSmallIntegerField(_("order"), default=0)
    last_day_on = models.DateField(_("last day"), null=True, blank=True)
    sign_in_ends = models.BooleanField(_("sign-in ends with the last day"), default=False, db_default=False)

    class Meta:
        ordering = ["position", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["clinic", "name"],
                name="practitioner_name_unique",
                violation_error_message=_("There is already a practitioner of this name."),
            ),
            in_order(
                "licence_from_on",
                "licence_until_on",
                name="practitioner_licence_in_order",
                message=_("The licence ends before it begins."),
            ),
            models.CheckConstraint(
                condition=Q(may_inject=False) | ~Q(licence_number=""),
                name="practitioner_licence_numbered",
                violation_error_message=_("Type the licence number of someone who may inject."),
            ),
            models.CheckConstraint(
                condition=Q(colour__range=(1, 8)),
                name="practitioner_colour_known",
                violation_error_message=_("Choose one of the eight colours."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def can_sign_on(self, day: date) -> bool:
        """Say whether this person can still sign what they gave: licensed, and able to sign in."""
        return self.is_licensed_on(day) and self.user is not None and self.user.is_active

    def is_licensed_on(self, day: date) -> bool:
        """Say whether this person may inject on that local day."""
        return (
            self.may_inject
            and (self.licence_from_on is None or self.licence_from_on <= day)
            and (self.licence_until_on is None or day <= self.licence_until_on)
            and (self.last_day_on is None or day <= self.last_day_on)
        )


class Room(ClinicOwned):
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="rooms", verbose_name=_("site"))
    name = models.CharField(_("name"), max_length=100)
    position = models.PositiveSmallIntegerField(_("order"), default=0)
    is_active = models.BooleanField(_("in use"), default=True)
    species = models.JSONField(_("takes"), default=list, blank=True)  # codes; none: every species

    class Meta:
        ordering = ["position", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["site", "name"],
                name="room_name_unique",
                violation_error_message=_("There is already a room of this name."),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Weekday(models.IntegerChoices):
    """ISO weekdays."""

    MONDAY = 1, _("Monday")
    TUESDAY = 2, _("Tuesday")
    WEDNESDAY = 3, _("Wednesday")
    THURSDAY = 4, _("Thursday")
    FRIDAY = 5, _("Friday")
    SATURDAY = 6, _("Saturday")
    SUNDAY = 7, _("Sunday")


class HoursKind(models.TextChoices):
    OPEN = "open", _("Works")
    BREAK = "break", _("Break")


class WorkingHours(ClinicOwned):
    """One weekly block, in wall time of the site, of a practitioner, a room, or (neither) the site itself.

    A room without rows is open whenever its site is. `every_weeks` counts from the ISO week of `from_on`.
    """

    Kind, Weekday = HoursKind, Weekday

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="working_hours", verbose_name=_("site"))
    practitioner = models.ForeignKey(
        Practitioner, on_delete=models.CASCADE, null=True, blank=True, related_name="working_hours"
    )
    room = models.ForeignKey(Room, on_delete=models.CASCADE, null=True, blank=True, related_name="working_hours")
    kind = models.CharField(_("kind"), max_length=5, choices=HoursKind, default=HoursKind.OPEN)
    weekday = models.PositiveSmallIntegerField(_("weekday"), choices=Weekday)
    start_time = models.TimeField(_("from"))
    end_time = models.TimeField(_("until"))
    from_on = models.DateField(_("valid from"))
    until_on = models.DateField(_("valid until"), null=True, blank=True)
    every_weeks = models.PositiveSmallIntegerField(_("every … weeks"), default=1)

    class Meta:
        ordering = ["weekday", "start_time"]
        verbose_name_plural = "working hours"
        constraints = [
            one_of("kind", HoursKind, name="working_hours_kind_known"),
            one_of("weekday", Weekday, name="working_hours_weekday_known"),
            in_order(
                "start_time",
                "end_time",
                name="working_hours_in_order",
                message=_("The end is not after the beginning."),
                strictly=True,
            ),
            in_order(
                "from_on",
                "until_on",
                name="working_hours_valid_in_order",
                message=_("The last day is before the first."),
            ),
            models.CheckConstraint(
                condition=Q(every_weeks__range=(1, 8)),
                name="working_hours_weeks_sane",
                violation_error_message=_("Choose every 1 to 8 weeks."),
            ),
            models.CheckConstraint(
                condition=Q(practitioner__isnull=True) | Q(room__isnull=True),
                name="working_hours_of_one",
                violation_error_message=_("Hours belong to a practitioner or to a room, not to both."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.start_time:%H:%M}–{self.end_time:%H:%M}"


class Absence(ClinicOwned):
    """A practitioner away or a room out of use; without an end it lasts until further notice."""

    practitioner = models.ForeignKey(
        Practitioner, on_delete=models.CASCADE, null=True, blank=True, related_name="absences"
    )
    room = models.ForeignKey(Room, on_delete=models.CASCADE, null=True, blank=True, related_name="absences")
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["starts_at"]
        indexes = [
            models.Index(fields=["practitioner", "starts_at"], name="absence_by_practitioner"),
            models.Index(fields=["room", "starts_at"], name="absence_by_room"),
        ]
        constraints = [
            in_order(
                "starts_at",
                "ends_at",
                name="absence_in_order",
                message=_("The end is not after the beginning."),
                strictly=True,
            ),
            models.CheckConstraint(
                condition=Q(practitioner__isnull=False, room__isnull=True)
                | Q(practitioner__isnull=True, room__isnull=False),
                name="absence_of_one",
                violation_error_message=_("Choose a practitioner or a room."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.practitioner or self.room} {timezone.localtime(self.starts_at):%Y-%m-%d}"

    @property
    def first_words(self) -> str:
        """When it begins, local: a day, with the time unless it begins with the day."""
        return _moment_words(timezone.localtime(self.starts_at))

    @property
    def last_words(self) -> str:
        """When it ends, local: the last day, or a day and a time. An end at midnight is the end of the day before."""
        if self.ends_at is None:
            return str(_("further notice"))
        end = timezone.localtime(self.ends_at)
        return _moment_words(end - timedelta(days=1) if end.time() == time.min else end)


def _moment_words(local: datetime) -> str:
    return date_format(local, "j M Y" if local.time() == time.min else "j M Y, H:i")


class Closure(ClinicOwned):
    """Local days on which a site is shut, or, on a public holiday, open all the same."""

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="closures", verbose_name=_("site"))
    from_on = models.DateField(_("from"))
    until_on = models.DateField(_("until"))
    is_open = models.BooleanField(_("open all the same (public holiday)"), default=False)
    reason = models.CharField(_("reason"), max_length=200, blank=True)

    class Meta:
        ordering = ["from_on"]
        indexes = [models.Index(fields=["site", "from_on"], name="closure_by_site")]
        constraints = [
            in_order("from_on", "until_on", name="closure_in_order", message=_("The last day is before the first.")),
        ]

    def __str__(self) -> str:
        return self.reason or self.from_on.isoformat()
