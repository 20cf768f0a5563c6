"""What courses came to, by protocol, indication, species and practitioner: n, median, responders, intervals. No cause."""

from collections import defaultdict
from datetime import datetime
from decimal import Decimal

from django.db.models import Count, F, QuerySet
from django.db.models.functions import Round
from django.db.models.lookups import LessThanOrEqual
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mesoclinic.core.models import Clinic
from protocols.models import Indication, Protocol, Species
from sessions.models import Course, CourseFigures, Practitioner
from sessions.outcomes import RESPONSE_SHARE, SMALLEST_GROUP, Middle, Outcome, outcome
from sessions.printing.overview_charts import Bar, bar_chart
from sessions.queries.overview_pieces import Block, Cell, Figure, Part, behind, interval, linked, percent, plain
from sessions.queries.overview_scope import Scope, course_filter

Pairs = list[tuple[Decimal, Decimal, int]]


def courses_with_outcome(scope: Scope) -> QuerySet[CourseFigures]:
    """Give the courses whose last pain score was given on the days, after a first one above 0."""
    rows = CourseFigures.objects.filter(
        clinic=scope.clinic,
        last_pain_on__range=(scope.from_on, scope.until_on),
        first_pain__gt=0,
        course__site__in=[site.pk for site in scope.sites],
    )
    return rows.filter(course_filter(scope, "course__")).order_by()


def responders(scope: Scope) -> QuerySet[CourseFigures]:
    """Give those of them that came down by the share that counts as a response."""
    least = int(100 * (1 - RESPONSE_SHARE))
    # Scores have one decimal, so both sides are whole numbers: 0.7 of a score is not exact on every database.
    fell = LessThanOrEqual(Round(F("last_pain") * 100), Round(F("first_pain") * least))
    return courses_with_outcome(scope).filter(fell)


def counted_at(clinic: Clinic) -> datetime | None:
    """Say when the figures were counted last. One SQL statement."""
    return CourseFigures.objects.filter(clinic=clinic).order_by("-pk").values_list("counted_at", flat=True).first()


def outcomes(scope: Scope) -> Part:
    """Say what courses came to. Nine SQL statements."""
    title, at = _("Outcomes"), counted_at(scope.clinic)
    if at is None:
        nothing = _("Outcomes are counted every night. Come back tomorrow.")
        return Part("outcomes", title, [Block("empty", text=nothing)])
    groups = _by_species(scope)
    everything = outcome(pair for pairs in groups[1].values() for pair in pairs)
    age = _("As counted on %(at)s; outcomes are counted every night.") % {
        "at": date_format(localtime(at), "j M Y, H:i")
    }
    if not everything.n:
        nothing = _("No course has a pain score before its first session and one before a later session on these days.")
        return Part("outcomes", title, [Block("empty", text=nothing), Block("text", text=age)])
    blocks = [_figures(everything, scope), Block("text", text=f"{_claims_no_cause()} {age}")]
    for said, key, names, found in (
        (_("By protocol"), "protocol", *_by_protocol(scope)),
        (_("By indication"), "indication", *_by_indication(scope)),
        (_("By species"), "species", *groups),
        (_("By lead practitioner"), "practitioner", *_by_practitioner(scope)),
    ):
        blocks += _blocks(said, key, names, found, scope)
    return Part("outcomes", title, blocks)


def _claims_no_cause() -> str:
    return _(
        "Pain (0–10) before the first session against before the last one with a score, by the same rater. A responder came down by 30 % or more of the first score (Farrar 2001). Intervals hold the true value 19 times of 20. These numbers describe; they do not show what caused a change: pain also gets better by itself, groups differ, and who stays away is not counted."
    )


Found = tuple[dict[int, tuple[str, str]], dict[int, Pairs]]


def _grouped(scope: Scope, column: str) -> dict[int, Pairs]:
    found: dict[int, Pairs] = defaultdict(list)
    rows = courses_with_outcome(scope).values_list(column, "first_pain", "last_pain").annotate(n=Count("pk"))
    for key, first, last, count in rows:
        found[key].append((first, last, count))
    return found


def _by_protocol(scope: Scope) -> Found:
    found = _grouped(scope, "course__protocol_version__protocol")
    return {row.pk: (str(row), str(row.public_id)) for row in Protocol.objects.filter(pk__in=found)}, found


def _by_indication(scope: Scope) -> Found:
    found = _grouped(scope, "course__indication")
    return {row.pk: (_(row.name), str(row.public_id)) for row in Indication.objects.filter(pk__in=found)}, found


def _by_species(scope: Scope) -> Found:
    found = _grouped(scope, "course__patient__species")
    return {row.pk: (_(row.name), row.code) for row in Species.objects.filter(pk__in=found)}, found


def _by_practitioner(scope: Scope) -> Found:
    found = _grouped(scope, "course__lead_practitioner")
    return {row.pk: (row.name, str(row.public_id)) for row in Practitioner.objects.filter(pk__in=found)}, found


def _figures(everything: Outcome, scope: Scope) -> Block:
    small = _("fewer than %(n)s courses: not shown") % {"n": SMALLEST_GROUP}
    share, courses = everything.responders, linked(everything.n, scope, "outcome")
    better = linked(share.count if share else 0, scope, "responders")
    return Block(
        "figures",
        figures=[
            Figure(_("courses with two scores"), courses),
            Figure(
                _("median change of pain"),
                behind(_change(everything.change), courses),
                _ends(everything.change) or small,
            ),
            Figure(
                _("responders"),
                behind(percent(share.value), better, courses) if share else Cell("–"),
                f"{share.count} / {share.total} · {share.low * 100:.0f}–{share.high * 100:.0f} %" if share else small,
            ),
        ],
    )


def _change(change: Middle | None) -> str:
    if change is None:
        return "–"
    return ("+" if change.median > 0 else "") + plain(change.median)


def _ends(change: Middle | None) -> str:
    if change is None or change.low is None or change.high is None:
        return ""
    return _("%(low)s to %(high)s") % {"low": plain(change.low), "high": plain(change.high)}


def _row(name: str, one: Outcome, scope: Scope, **narrowed: str) -> list[Cell]:
    courses = linked(one.n, scope, "outcome", **narrowed)
    better = linked(one.responders.count if one.responders else 0, scope, "responders", **narrowed)
    return [
        Cell(name),
        courses,
        behind(_change(one.change), courses),
        behind(_ends(one.change) or "–", courses),
        behind(interval(one.responders), better, courses),
    ]


def _blocks(
    title: str, key: str, names: dict[int, tuple[str, str]], found: dict[int, Pairs], scope: Scope
) -> list[Block]:
    groups = sorted((names[row][0], names[row][1], outcome(pairs)) for row, pairs in found.items())
    shown = [group for group in groups if not group[2].is_small]
    hidden = len(groups) - len(shown)
    rows = [_row(name, one, scope, **{key: asked}) for name, asked, one in shown]
    heads = [
        *((title, "left"), (_("Courses"), "right"), (_("Median change"), "right")),
        *((_("its interval"), "right"), (_("Responders, with interval"), "right")),
    ]
    bars = [
        Bar(
            name,
            one.responders.value,
            f"{percent(one.responders.value)} · {one.n}",
            one.responders.low,
            one.responders.high,
        )
        for name, _asked, one in shown
        if one.responders
    ]
    said = _("%(by)s: responders with their interval, and the number of courses") % {"by": title}
    blocks = (
        [Block("chart", title=title, svg=bar_chart(bars, title=said, name=f"chart-{key}"), alt=said)] if bars else []
    )
    if rows:
        blocks.append(Block("table", heads=heads, rows=rows))
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


def listed(figures: QuerySet[CourseFigures]) -> QuerySet[Course]:
    """Give the courses behind a number, each with its figures."""
    return Course.objects.filter(figures__in=figures).order_by("figures__last_pain_on", "pk")
