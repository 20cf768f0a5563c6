"""CompetitionRule: what a sport's body says about treatments before a competition, dated and sourced."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.constraints import in_order, one_of
from protocols.dosing import Counting as EngineCounting

from .shipped import Shipped, code_unique

MOST_AMOUNT = 1000


class Counting(models.TextChoices):
    ELAPSED_HOURS = EngineCounting.ELAPSED_HOURS.value, _("hours that elapse")
    ELAPSED_DAYS = EngineCounting.ELAPSED_DAYS.value, _("days of 24 hours that elapse")
    INCLUSIVE_DAYS = EngineCounting.INCLUSIVE_DAYS.value, _("days, the day of treatment is day 1")
    CLEAR_DAYS = EngineCounting.CLEAR_DAYS.value, _("whole days between treatment and event")
    NONE = EngineCounting.NONE.value, _("no time is stated")


class AppliesTo(models.TextChoices):
    INJECTION = "injection", _("any injection")
    SUBSTANCES = "substances", _("some substances")
    OTHER = "other", _("something else")


class Route(models.TextChoices):
    ANY = "", _("any")
    JOINT = "intra-articular", _("into a joint")
    OTHER = "other", _("another one, not the skin")


class CompetitionRule(Shipped):
    """A rule as it stood on a day. It gives the earliest possible start by that rule, never a clearance.

    `keys` are codes of substances, categories, classes and traits, for `some substances`. What applies to something
    else (shock wave) is there to be read; no mix is held against it.
    """

    Counting, AppliesTo, Route = Counting, AppliesTo, Route

    body = models.CharField(_("body"), max_length=80)
    counting = models.CharField(_("counted in"), max_length=16, choices=Counting)
    amount = models.PositiveSmallIntegerField(_("how many"), null=True, blank=True)
    applies_to = models.CharField(_("about"), max_length=12, choices=AppliesTo, default=AppliesTo.INJECTION)
    keys = models.JSONField(_("substances, categories and classes"), default=list, blank=True)
    route = models.CharField(_("route"), max_length=16, choices=Route, blank=True, default=Route.ANY)
    max_mg_per_1000_lb = models.DecimalField(
        _("most mg in 24 hours per 1000 lb"), max_digits=10, decimal_places=3, null=True, blank=True
    )
    text = models.TextField(_("what it says"), max_length=2000, blank=True)
    note = models.TextField(_("note"), max_length=1000, blank=True)
    valid_from = models.DateField(_("valid from"), null=True, blank=True)
    valid_until = models.DateField(_("valid until"), null=True, blank=True)
    checked_on = models.DateField(_("last compared with its source"), null=True, blank=True)

    class Meta:
        ordering = ["body", "name", "id"]
        constraints = [
            code_unique("competition_rule_code_unique"),
            one_of("counting", Counting, name="competition_rule_counting_known"),
            one_of("applies_to", AppliesTo, name="competition_rule_about_known"),
            one_of("route", Route, name="competition_rule_route_known"),
            models.CheckConstraint(
                condition=Q(counting=Counting.NONE, amount__isnull=True)
                | (~Q(counting=Counting.NONE) & Q(amount__isnull=False, amount__range=(1, MOST_AMOUNT))),
                name="competition_rule_amount_counted",
                violation_error_message=_("Say how many, from 1 to 1000, or that no time is stated."),
            ),
            models.CheckConstraint(
                condition=(Q(applies_to=AppliesTo.SUBSTANCES) & ~Q(keys=[]))
                | (~Q(applies_to=AppliesTo.SUBSTANCES) & Q(keys=[])),
                name="competition_rule_names_substances",
                violation_error_message=_("Name the substances, or say that the rule is about any injection."),
            ),
            models.CheckConstraint(
                condition=Q(max_mg_per_1000_lb__isnull=True) | Q(max_mg_per_1000_lb__gt=0),
                name="competition_rule_most_above_zero",
                violation_error_message=_("The most in 24 hours is above zero, or left empty."),
            ),
            in_order(
                "valid_from",
                "valid_until",
                name="competition_rule_days_in_order",
                message=_("The last day is before the first."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.body}, {self.name}"
