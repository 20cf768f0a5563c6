"""The columns of this app's lists in a spreadsheet."""

from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.exports import Column
from protocols.words import cadence_words

LOTS = (
    Column(_("Substance"), lambda lot: lot.substance.name),
    Column(_("Lot"), lambda lot: lot.number),
    Column(_("Manufacturer"), lambda lot: lot.manufacturer),
    Column(_("Expires"), lambda lot: lot.expires_on),
    Column(pgettext_lazy("volume", "Left"), lambda lot: lot.stock_ml),
    Column(_("State"), lambda lot: lot.get_status_display()),
)
SUBSTANCES = (
    Column(_("Substance"), lambda one: one.name),
    Column(_("Synonyms"), lambda one: ", ".join(one.synonyms)),
    Column(_("Categories"), lambda one: ", ".join(row.name for row in one.categories.all())),
    Column(_("Strength"), lambda one: one.strength),
    Column(_("Unit"), lambda one: one.strength_unit),
    Column(_("For"), lambda one: ", ".join(row.name for row in one.species.all())),
    Column(_("Status"), lambda one: one.get_status_display()),
)
PAIRS = (
    Column(_("Pair"), lambda pair: pair.name),
    Column(_("What is known"), lambda pair: pair.get_level_display()),
    Column(_("What happens"), lambda pair: pair.effect),
    Column(_("All right in"), lambda pair: pair.only_with.name if pair.only_with else ""),
    Column(_("Source"), lambda pair: pair.source),
)
COMPETITION_RULES = (
    Column(_("Body"), lambda rule: rule.body),
    Column(_("Rule"), lambda rule: rule.name),
    Column(_("About"), lambda rule: rule.get_applies_to_display()),
    Column(_("How many"), lambda rule: rule.amount),
    Column(_("Counted in"), lambda rule: rule.get_counting_display()),
    Column(_("Valid from"), lambda rule: rule.valid_from),
    Column(_("Valid until"), lambda rule: rule.valid_until),
    Column(_("Last compared"), lambda rule: rule.checked_on),
    Column(_("Source"), lambda rule: rule.source),
    Column(_("Not counted any more"), lambda rule: gettext("yes") if rule.is_archived else ""),
)
PROTOCOLS = (
    Column(_("Protocol"), lambda one: one.name),
    Column(_("For"), lambda one: ", ".join(row.name for row in one.shown[0].species.all())),
    Column(_("Mix"), lambda one: ", ".join(line.substance.name for line in one.shown[0].lines.all())),
    Column(_("Series"), lambda one: cadence_words(one.shown[0].cadence)),
    Column(_("Version"), lambda one: one.shown[0].number),
    Column(_("Status"), lambda one: one.shown[0].get_status_display()),
)
