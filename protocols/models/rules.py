"""What a clinic says in its own way in the mix check: its numbers, and its words for flags and countries."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.constraints import one_of
from mesoclinic.core.models import ClinicOwned


class MixLimit(ClinicOwned):
    """A number of `dosing.MixLimits` the clinic has changed; without a row the shipped one holds. Empty: no limit."""

    code = models.CharField(_("limit"), max_length=40)
    value = models.DecimalField(_("number"), max_digits=9, decimal_places=3, null=True, blank=True)
    source = models.TextField(_("source"), max_length=2000)

    class Meta:
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(fields=["clinic", "code"], name="mix_limit_once"),
            models.CheckConstraint(
                condition=Q(value__isnull=True) | Q(value__gte=0),
                name="mix_limit_not_below_zero",
                violation_error_message=_("A limit is zero or more."),
            ),
            models.CheckConstraint(
                condition=~Q(source=""),
                name="mix_limit_says_source",
                violation_error_message=_("Say where the number comes from."),
            ),
        ]

    def __str__(self) -> str:
        return self.code.replace("_", " ").replace(".", ", ")


class RuleLevel(models.TextChoices):
    BLOCK = "block", _("Stop: needs a reason")
    WARN = "warn", _("Ask")
    INFO = "info", _("Tell")


class RuleAbout(models.TextChoices):
    FLAG = "flag", _("a flag")
    COUNTRY = "country", _("a country")


class MixRule(ClinicOwned):
    """The clinic's own words for a flag or a note on a country's law.

    A row whose code is a shipped rule's takes its place; `keys` and `species` are then the shipped one's. A row no
    longer said (`is_archived`) silences it. `text` has `[substance]` where the products are named.
    """

    Level, About = RuleLevel, RuleAbout

    about = models.CharField(_("about"), max_length=10, choices=RuleAbout)
    code = models.SlugField(_("code"), max_length=100)
    country = models.CharField(_("country"), max_length=2, blank=True)
    level = models.CharField(_("level"), max_length=10, choices=RuleLevel)
    text = models.CharField(_("sentence"), max_length=500)
    source = models.TextField(_("source"), max_length=2000)
    keys = models.JSONField(_("substances, categories and classes"), default=list, blank=True)
    species = models.JSONField(_("species"), default=list, blank=True)
    is_archived = models.BooleanField(_("no longer said"), default=False)

    class Meta:
        ordering = ["about", "country", "code"]
        constraints = [
            models.UniqueConstraint(fields=["clinic", "about", "code"], name="mix_rule_once"),
            one_of("about", RuleAbout, name="mix_rule_about_known"),
            one_of("level", RuleLevel, name="mix_rule_level_known"),
            models.CheckConstraint(
                condition=Q(about="flag", country="", is_archived=False) | (Q(about="country") & ~Q(country="")),
                name="mix_rule_country_named",
                violation_error_message=_("A note on the law names its country; a flag is never silenced."),
            ),
            models.CheckConstraint(
                condition=~Q(text="") & ~Q(source=""),
                name="mix_rule_says_source",
                violation_error_message=_("Write the sentence, and say where it comes from."),
            ),
        ]

    def __str__(self) -> str:
        return self.text
