"""The clinic's own word in the mix check: change a number, a flag or a note on the law, or take the shipped one back.

What is signed keeps the words it was signed with: a record prints the findings it was decided on.
"""

from collections.abc import Iterable
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from mesoclinic.core import audit
from mesoclinic.core.checking import check
from mesoclinic.core.models import Clinic, User
from mesoclinic.core.refused import Refused
from protocols.dosing.limits import NUMBERS, with_changes
from protocols.models import MixLimit, MixRule
from protocols.queries import mix_rules as queries
from protocols.queries.mix_tables import changed_limits
from protocols.services.codes import free_code

SAID = ("level", "text", "source")
OWN = ("country", "keys", "species")


@transaction.atomic
def change_limit(*, actor: User | None, clinic: Clinic, code: str, value: Decimal | None, source: str) -> MixLimit:
    """Set a number of the clinic's own. Raises Refused("no-source" | "not-valid" | "out-of-bounds" | "upside-down")."""
    number = NUMBERS[code]
    _refuse_without(source)
    if value is None and not number.may_be_empty:
        raise Refused("out-of-bounds", _("This rule needs its number."), field="value")
    if value is not None and not number.least <= value <= number.most:
        words = _("A number from %(least)s to %(most)s, please.") % {"least": number.least, "most": number.most}
        raise Refused("out-of-bounds", words, field="value")
    if value is not None and number.is_whole and value != value.to_integral_value():
        raise Refused("out-of-bounds", _("A whole number, please."), field="value")
    Clinic.objects.select_for_update().get(pk=clinic.pk)  # two ends of one range must not cross unseen
    try:
        with_changes({**changed_limits(clinic), code: value})
    except ValueError as error:
        raise Refused("upside-down", _("The lower end would be above the higher one."), field="value") from error
    row = MixLimit.objects.filter(clinic=clinic, code=code).first() or MixLimit(
        clinic=clinic, code=code, value=number.shipped, source=number.source
    )
    before = {"value": row.value, "source": row.source}
    row.value, row.source = value, source
    check(row)
    row.save()
    audit.record(actor=actor, verb="mix-limit.changed", subject=row, changes=audit.changed(row, before))
    return row


@transaction.atomic
def restore_limit(*, actor: User | None, clinic: Clinic, code: str) -> None:
    """Take the shipped number back. Twice does no harm. Raises Refused("upside-down")."""
    Clinic.objects.select_for_update().get(pk=clinic.pk)
    row = MixLimit.objects.filter(clinic=clinic, code=code).first()
    if row is None:
        return
    kept = {other: value for other, value in changed_limits(clinic).items() if other != code}
    try:
        with_changes(kept)
    except ValueError as error:
        raise Refused("upside-down", _("The lower end would be above the higher one: change that first.")) from error
    before = {"value": row.value, "source": row.source}
    row.value, row.source = NUMBERS[code].shipped, NUMBERS[code].source
    audit.record(actor=actor, verb="mix-limit.as-shipped", subject=row, changes=audit.changed(row, before))
    row.delete()


@transaction.atomic
def create_country_note(
    *,
    actor: User | None,
    clinic: Clinic,
    country: str,
    level: str,
    text: str,
    source: str,
    keys: Iterable[str] = (),
    species: Iterable[str] = (),
) -> MixRule:
    """Add a note of the clinic's own on a country's law. Raises Refused("no-source" | "not-valid")."""
    row = MixRule(clinic=clinic, about=MixRule.About.COUNTRY, country=country, level=level, text=text, source=source)
    row.keys, row.species = list(keys), list(species)
    row.code = free_code(MixRule, clinic, f"{country} {text}", shipped=queries.shipped_codes(MixRule.About.COUNTRY))
    _write(row)
    audit.record(actor=actor, verb="mix-rule.created", subject=row)
    return row


@transaction.atomic
def reword_rule(
    *,
    actor: User | None,
    clinic: Clinic,
    about: str,
    code: str,
    level: str,
    text: str,
    source: str,
    keys: Iterable[str] = (),
    species: Iterable[str] = (),
) -> MixRule:
    """Say a flag or a note in the clinic's own way; of a shipped one `keys` and `species` stay as shipped.

    Raises Refused("no-source" | "not-valid").
    """
    row = _row(clinic, about, code)
    before = {name: getattr(row, name) for name in (*SAID, *OWN)}
    row.level, row.text, row.source = level, text, source
    if code not in queries.shipped_codes(about):
        row.keys, row.species = list(keys), list(species)
    _write(row)
    audit.record(actor=actor, verb="mix-rule.changed", subject=row, changes=audit.changed(row, before))
    return row


@transaction.atomic
def restore_rule(*, actor: User | None, clinic: Clinic, about: str, code: str) -> None:
    """Take the shipped words back. Twice does no harm; a note of the clinic's own stays."""
    row = MixRule.objects.select_for_update().filter(clinic=clinic, about=about, code=code).first()
    if row is None or code not in queries.shipped_codes(about):
        return
    words = queries.rule_or_404(clinic, about, code).shipped
    before = {name: getattr(row, name) for name in SAID}
    for name in SAID:
        setattr(row, name, getattr(words, name))
    audit.record(actor=actor, verb="mix-rule.as-shipped", subject=row, changes=audit.changed(row, before))
    row.delete()


@transaction.atomic
def archive_country_note(*, actor: User | None, clinic: Clinic, code: str, is_archived: bool = True) -> MixRule:
    """Say a note no longer, or again. Twice does no harm."""
    row = _row(clinic, MixRule.About.COUNTRY, code)
    if row.is_archived != is_archived:
        row.is_archived = is_archived
        _write(row)
        verb = "mix-rule.archived" if is_archived else "mix-rule.restored"
        audit.record(actor=actor, verb=verb, subject=row)
    return row


def _row(clinic: Clinic, about: str, code: str) -> MixRule:
    """The clinic's row, or a new one that says what was shipped. Raises Http404 where there is neither."""
    Clinic.objects.select_for_update().get(pk=clinic.pk)  # two people at the same shipped rule make one row of it
    row = MixRule.objects.filter(clinic=clinic, about=about, code=code).first()
    if row is not None:
        return row
    line = queries.rule_or_404(clinic, about, code)
    words = {name: getattr(line.holds, name) for name in SAID}
    return MixRule(clinic=clinic, about=about, code=code, country=line.country, **words)


def _write(row: MixRule) -> None:
    _refuse_without(row.source)
    check(row)
    row.save()


def _refuse_without(source: str) -> None:
    if not source.strip():
        raise Refused(
            "no-source", _("Say where this comes from: a text, a label, a decision of the clinic."), field="source"
        )
