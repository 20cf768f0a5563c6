"""What courses came to, by protocol, indication, species and practitioner: n, median, responders, intervals. No cause."""

from collections import defaultdict
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from django.db.models import Count, F, QuerySet
from django.db.models.functions import Round
from django.db.models.lookups import LessThanOrEqual
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mesoclinic.core.models import Clinic
from mesoclinic.core.wording import date_format
from protocols.models import Indication, Protocol, Species
from sessions.models import CourseFigures, Practitioner
from sessions.models.records import Scale
from sessions.outcomes import RESPONSE_SHARE, SMALLEST_GROUP, Middle, Outcome, outcome
from sessions.printing.overview_charts import Bar, bar_chart
from sessions.queries.overview_pieces import Block, Cell, Figure, Part, behind, interval, linked, percent, plain
from sessions.queries.overview_scope import Scope, course_filter

Pairs = list[tuple[Decimal, Decimal, int]]


def courses_with_outcome(scope: Scope) -> QuerySet[CourseFigures]:
    """Give the courses whose last score was given on the days, after a first one above 0; of one scale, or of all."""
    rows = CourseFigures.objects.filter(
        clinic=scope.clinic,
        last_score_on__range=(scope.from_on, scope.until_on),
        first_score__gt=0,
        course__site__in=[site.pk for site in scope.sites],
    )
    if scope.scale:
        rows = rows.filter(scale=scope.scale)
    return rows.filter(course_filter(scope, "course__")).order_by()


def responders(scope: Scope) -> QuerySet[CourseFigures]:
    """Give those of them whose pain came down by the share that counts as a response; of no other scale is one known."""
    least = int(100 * (1 - RESPONSE_SHARE))
    # Scores have one decimal, so both sides are whole numbers: 0.7 of a score is not exact on every database.
    fell = LessThanOrEqual(Round(F("last_score") * 100), Round(F("first_score") * least))
    return courses_with_outcome(scope).filter(fell, scale=Scale.PAIN)


def counted_at(clinic: Clinic) -> datetime | None:
    """Say when the figures were counted last. One SQL statement."""
    return CourseFigures.objects.filter(clinic=clinic).order_by("-pk").values_list("counted_at", flat=True).first()


def age_said(at: datetime) -> str:
    """Say how old the figures are."""
    day = date_format(localtime(at), "j M Y, H:i")
    return _("As counted on %(at)s; courses are counted every night.") % {"at": day}


def outcomes(scope: Scope) -> Part:
    """Say what courses came to, pain first and each scale by itself. Nine SQL statements."""
    title, at = _("Outcomes"), counted_at(scope.clinic)
    if at is None:
        nothing = _("Outcomes are counted every night. Come back tomorrow.")
        return Part("outcomes", title, [Block("empty", text=nothing)])
    age = age_said(at)
    groups = (
        (_("By protocol"), "protocol", *_by_protocol(scope)),
        (_("By indication"), "indication", *_by_indication(scope)),
        (_("By species"), "species", *_by_species(scope)),
        (_("By lead practitioner"), "practitioner", *_by_practitioner(scope)),
    )
    blocks: list[Block] = []
    for scale in (Scale.PAIN, Scale.LAMENESS):
        narrowed = replace(scope, scale=scale.value)
        everything = outcome(pair for pairs in groups[0][3][scale].values() for pair in pairs)
        if not everything.n:
            continue
        said = _claims_no_cause() if not blocks else ""
        blocks += [Block("heading", title=str(scale.label))] if scale != Scale.PAIN else []
        blocks += [_figures(everything, narrowed), *([Block("text", text=f"{said} {age}")] if said else [])]
        for by, key, names, found in groups:
            blocks += _blocks(by, key, names, found[scale], narrowed)
    if not blocks:
        nothing = _("No course has a score before its first session and one before a later session on these days.")
        blocks = [Block("empty", text=nothing), Block("text", text=age)]
    return Part("outcomes", title, blocks)


def _claims_no_cause() -> str:
    return _(
        "The score before the first session against the one before the last session that has one, on the same scale and by the same rater. A course counts on one scale: that of its indication, else pain (0–10), else lameness (0–5). A responder’s pain came down by 30 % or more of the first score (Farrar 2001); for lameness no such share is known. Intervals hold the true value 19 times of 20. These numbers describe; they do not show what caused a change: a complaint also gets better by itself, groups differ, and who stays away is not counted."
    )


Names = dict[int, tuple[str, str]]
Found = tuple[Names, dict[str, dict[int, Pairs]]]


def _grouped(scope: Scope, column: str) -> dict[str, dict[int, Pairs]]:
    """Give the courses by scale and group, counted by what they came to. One SQL statement."""
    found: dict[str, dict[int, Pairs]] = defaultdict(lambda: defaultdict(list))
    rows = courses_with_outcome(scope).values_list(column, "scale", "first_score", "last_score")
    for key, scale, first, last, count in rows.annotate(n=Count("pk")):
        found[scale][key].append((first, last, count))
    return found


def _keys(found: dict[str, dict[int, Pairs]]) -> set[int]:
    return {key for groups in found.values() for key in groups}


def _by_protocol(scope: Scope) -> Found:
    found = _grouped(scope, "course__protocol_version__protocol")
    return {row.pk: (str(row), str(row.public_id)) for row in Protocol.objects.filter(pk__in=_keys(found))}, found


def _by_indication(scope: Scope) -> Found:
    found = _grouped(scope, "course__indication")
    return {row.pk: (_(row.name), str(row.public_id)) for row in Indication.objects.filter(pk__in=_keys(found))}, found


def _by_species(scope: Scope) -> Found:
    found = _grouped(scope, "course__patient__species")
    return {row.pk: (_(row.name), row.code) for row in Species.objects.filter(pk__in=_keys(found))}, found


def _by_practitioner(scope: Scope) -> Found:
    found = _grouped(scope, "course__lead_practitioner")
    return {row.pk: (row.name, str(row.public_id)) for row in Practitioner.objects.filter(pk__in=_keys(found))}, found


def _figures(everything: Outcome, scope: Scope) -> Block:
    small = _("fewer than %(n)s courses: not shown") % {"n": SMALLEST_GROUP}
    courses = linked(everything.n, scope, "outcome", scale=scope.scale)
    figures = [
        Figure(_("courses with two scores"), courses),
        Figure(
            _("median change of pain") if scope.scale == Scale.PAIN else _("median change of lameness"),
            behind(_change(everything.change), courses),
            _ends(everything.change) or small,
        ),
    ]
    if scope.scale == Scale.PAIN:
        share = everything.responders
        better = linked(share.count if share else 0, scope, "responders", scale=scope.scale)
        said = behind(percent(share.value), better, courses) if share else Cell("–")
        below = f"{share.count} / {share.total} · {share.low * 100:.0f}–{share.high * 100:.0f} %" if share else small
        figures.append(Figure(_("responders"), said, below))
    return Block("figures", figures=figures)


def _change(change: Middle | None) -> str:
    if change is None:
        return "–"
    return ("+" if change.median > 0 else "") + plain(change.median)


def _ends(change: Middle | None) -> str:
    if change is None or change.low is None or change.high is None:
        return ""
    return _("%(low)s to %(high)s") % {"low": plain(change.low), "high": plain(change.high)}


def _row(name: str, one: Outcome, scope: Scope, **narrowed: str) -> list[Cell]:
    courses = linked(one.n, scope, "outcome", scale=scope.scale, **narrowed)
    row = [Cell(name), courses, behind(_change(one.change), courses), behind(_ends(one.change) or "–", courses)]
    if scope.scale != Scale.PAIN:
        return row
    count = one.responders.count if one.responders else 0
    better = linked(count, scope, "responders", scale=scope.scale, **narrowed)
    return [*row, behind(interval(one.responders), better, courses)]


def _heads(title: str, scale: str) -> list[tuple[str, str]]:
    change = _("Median change of pain") if scale == Scale.PAIN else _("Median change of lameness")
    heads = [(title, "left"), (_("Courses"), "right"), (change, "right"), (_("its interval"), "right")]
    return [*heads, (_("Responders, with interval"), "right")] if scale == Scale.PAIN else heads


def _blocks(title: str, key: str, names: Names, found: dict[int, Pairs], scope: Scope) -> list[Block]:
    groups = sorted((names[row][0], names[row][1], outcome(pairs)) for row, pairs in found.items())
    shown = [group for group in groups if not group[2].is_small]
    hidden = len(groups) - len(shown)
    rows = [_row(name, one, scope, **{key: asked}) for name, asked, one in shown]
    blocks = _chart(title, key, [(name, one) for name, _asked, one in shown]) if scope.scale == Scale.PAIN else []
    if rows:
        blocks.append(Block("table", heads=_heads(title, scope.scale), rows=rows))
    if hidden:
        small = ngettext(
            "%(count)s group of fewer than %(least)s courses is not shown.",
            "%(count)s groups of fewer than %(least)s courses each are not shown.",
            hidden,
        )
        blocks.append(
            Block("text", title="" if rows else title, text=small % {"count": hidden, "least": SMALLEST_GROUP})
        )
    return blocks


def _chart(title: str, key: str, groups: list[tuple[str, Outcome]]) -> list[Block]:
    """Draw who responded, group by group."""
    bars = [
        Bar(
            name,
            one.responders.value,
            f"{percent(one.responders.value)} · {one.n}",
            one.responders.low,
            one.responders.high,
        )
        for name, one in groups
        if one.responders
    ]
    said = _("%(by)s: responders with their interval, and the number of courses") % {"by": title}
    svg = bar_chart(bars, title=said, name=f"chart-{key}") if bars else ""
    return [Block("chart", title=title, svg=svg, alt=said)] if bars else []
