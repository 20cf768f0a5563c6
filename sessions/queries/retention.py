"""Which files the clinic's own period has run out for, and since when."""

from dataclasses import dataclass
from datetime import date, datetime, time

from django.db.models import F, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from mesoclinic.core.localtime import local_day
from mesoclinic.core.models import Clinic, Site
from patients.models import Consent, ErasureRequest, Patient, RetentionRule, Weight
from patients.models.patients import EndReason
from patients.models.retention import AppliesTo
from protocols.models import Species
from sessions.models import Addendum, AdverseEvent, Appointment, Course, FollowUp, SessionRecord

# What counts as an entry of a file, with its day or instant: the newest of all of these is the last entry.
ENTRIES = (
    (SessionRecord, "patient", "performed_at"),
    (Appointment, "patient", "starts_at"),
    (Course, "patient", "start_on"),
    (Course, "patient", "status_at"),
    (AdverseEvent, "patient", "reported_at"),
    (Addendum, "record__patient", "at"),
    (FollowUp, "record__patient", "at"),
    (Consent, "patient", "given_on"),
    (Weight, "patient", "weighed_on"),
)
DAYS = ("start_on", "given_on", "weighed_on")
DEEPEST_MERGE = 3  # a file merged into one that was merged itself, and once more


@dataclass(frozen=True, slots=True)
class Held:
    """How long a file is kept by a rule. `until_on` is the first day it need not be kept any more."""

    last_entry_on: date
    until_on: date
    rule: RetentionRule
    birth_unknown: bool = False


@dataclass(frozen=True, slots=True)
class PastLine:
    """A file past its period."""

    patient: Patient
    held: Held


def rules_in_force(clinic: Clinic, today: date) -> dict[str, RetentionRule]:
    """Return the rule that holds for people and for animals, where there is one. One SQL statement."""
    rows = RetentionRule.objects.filter(clinic=clinic, since_on__lte=today).order_by("since_on")
    return {rule.applies_to: rule for rule in rows}


def rules_of(clinic: Clinic, applies_to: str) -> list[RetentionRule]:
    """List what was entered for people or for animals, the newest first. One SQL statement."""
    rows = RetentionRule.objects.filter(clinic=clinic, applies_to=applies_to)
    return list(rows.select_related("set_by").order_by("-since_on"))


def rule_for(patient: Patient, today: date) -> RetentionRule | None:
    """Return the rule that holds for a file. One SQL statement."""
    return rules_in_force(patient.clinic, today).get(kind_of(patient))


def kind_of(patient: Patient) -> str:
    return AppliesTo.ANIMALS if patient.species.is_animal else AppliesTo.PEOPLE


def years_after(day: date, years: int) -> date:
    """The same day so many years on; the 29th of February becomes the 1st of March, so that nothing ends early."""
    year = min(day.year + years, date.max.year)
    try:
        return day.replace(year=year)
    except ValueError:
        return date(year, 3, 1)


def years_before(day: date, years: int) -> date:
    """The latest day whose `years_after` is not after this one."""
    year = max(day.year - years, 1)
    try:
        return day.replace(year=year)
    except ValueError:
        return date(year, 2, 28)


def held(patient: Patient, rule: RetentionRule, last_entry_on: date) -> Held:
    """Say until when a file is kept: the latest of the ends its rule gives. No SQL statement."""
    ends = [years_after(last_entry_on, rule.keep_years)]
    if rule.until_birthday and patient.birth_on:
        ends.append(years_after(patient.birth_on, rule.until_birthday))
    if rule.after_death_years and patient.end_reason == EndReason.DIED and patient.ended_on:
        ends.append(years_after(patient.ended_on, rule.after_death_years))
    unknown = bool(rule.until_birthday) and patient.birth_on is None
    return Held(last_entry_on, max(ends), rule, birth_unknown=unknown)


def past_retention(clinic: Clinic, site: Site, today: date) -> QuerySet[Patient]:
    """Files past their period: those somebody asked to be erased first (`asked_on`), then the oldest.

    Three SQL statements, the last cut by its page.
    """
    wanted = Q(pk__in=[])
    species = list(Species.objects.all())
    for applies_to, rule in rules_in_force(clinic, today).items():
        theirs = [one.pk for one in species if one.is_animal == (applies_to == AppliesTo.ANIMALS)]
        wanted |= _is_past(rule, site, today) & Q(species__in=theirs)
    rows = Patient.objects.filter(clinic=clinic, merged_into__isnull=True, pseudonymised_at__isnull=True)
    asked = ErasureRequest.objects.filter(patient=OuterRef("pk"), lifted_at__isnull=True).values("asked_on")[:1]
    rows = rows.filter(wanted).select_related("species", "clinic").annotate(asked_on=Subquery(asked))
    return rows.order_by(F("asked_on").asc(nulls_last=True), "created_at", "pk")


def _is_past(rule: RetentionRule, site: Site, today: date) -> Q:
    """Nothing was entered since so many years ago, and neither the birthday nor a death keeps the file longer."""
    since_on = years_before(today, rule.keep_years)
    until = datetime.combine(since_on, time.max, tzinfo=site.zone)
    past = Q(created_at__lte=until)
    for model, owner, column in ENTRIES:
        later = model._default_manager.filter(**{f"{column}__gt": since_on if column in DAYS else until})
        past &= ~Q(pk__in=_files_of(later, owner))
    past &= ~Q(pk__in=_files_of(Patient.objects.filter(created_at__gt=until), ""))
    if rule.until_birthday:
        past &= Q(birth_on__isnull=True) | Q(birth_on__lte=years_before(today, rule.until_birthday))
    if rule.after_death_years:
        died = years_before(today, rule.after_death_years)
        past &= ~Q(end_reason=EndReason.DIED) | Q(ended_on__lte=died)
    return past


def _files_of(rows: QuerySet, owner: str) -> QuerySet:
    """The files that rows are read for, however often their own was merged; each once, so that the engine hashes them.

    Read once for all files of a page's list, not once for each of them.
    """
    ways = [[owner] * bool(owner) + ["merged_into"] * step for step in range(DEEPEST_MERGE, -1, -1)]
    kept = Coalesce(*("__".join(way) or "pk" for way in ways))
    return rows.order_by().annotate(kept_file=kept).values("kept_file").distinct()


def lines(patients: list[Patient], site: Site, today: date) -> list[PastLine]:
    """Say of each file of a page when its last entry was and since when its period is over. Eleven statements."""
    rules = rules_in_force(patients[0].clinic, today) if patients else {}
    last = last_entries(patients, site)
    return [PastLine(one, held(one, rules[kind_of(one)], last[one.pk])) for one in patients]


def last_entries(patients: list[Patient], site: Site) -> dict[int, date]:
    """The day of the newest entry of each file, in the site's time. One statement, and one for each kind of entry."""
    family = _families(patients)
    found = {one.pk: local_day(one.created_at, site.zone) for one in patients}
    for key, at in Patient.objects.filter(pk__in=family).values_list("pk", "created_at"):
        found[family[key]] = max(found[family[key]], local_day(at, site.zone))
    for model, owner, column in ENTRIES:
        rows = model._default_manager.filter(**{f"{owner}__in": list(family)}).order_by()
        for key, newest in rows.values(owner).annotate(newest=Max(column)).values_list(owner, "newest"):
            if newest is not None:
                day = local_day(newest, site.zone) if isinstance(newest, datetime) else newest
                found[family[key]] = max(found[family[key]], day)
    return found


def _families(patients: list[Patient]) -> dict[int, int]:
    """For every file and all merged into it, the file that is kept. A statement for each level of merges."""
    kept = {one.pk: one.pk for one in patients}
    level = list(kept)
    while level:
        rows = Patient.objects.filter(merged_into__in=level).values_list("pk", "merged_into")
        level = [key for key, _into in rows if key not in kept]
        kept |= {key: kept[into] for key, into in rows}
    return kept


def held_now(patient: Patient, site: Site, today: date) -> Held | None:
    """Say how long a file is kept, None while the clinic has no rule for it."""
    rule = rule_for(patient, today)
    if rule is None:
        return None
    return held(patient, rule, last_entries([patient], site)[patient.pk])
