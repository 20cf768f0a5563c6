"""Courses in the overview: sessions inside their window, gaps, drop-out by session number, reviews that are due."""

from collections import Counter
from datetime import datetime, timedelta

from django.db.models import Count, F, Max, Q, QuerySet
from django.utils.translation import gettext as _

from sessions.models import Course, PlannedSession
from sessions.models.courses import LEFT_OPEN, OPEN_COURSES, OUT_OF_PLAN, CourseStatus, PlannedStatus
from sessions.printing.overview_charts import Bar, bar_chart
from sessions.queries.courses import open_reviews
from sessions.queries.overview_outcomes import age_said
from sessions.queries.overview_pieces import Block, Cell, Figure, Part, behind, linked, of, percent
from sessions.queries.overview_scope import Scope, course_filter
from sessions.queries.overview_scope import courses as courses_of
from sessions.queries.plans import CoursePlan

MOST_REVIEWS = 1000
MOST_NUMBERS = 60
WEEK, FORTNIGHT = timedelta(days=7), timedelta(days=14)
HAS_DROPPED = Q(status=CourseStatus.STOPPED) | Q(status=CourseStatus.PAUSED, lapsed_on__isnull=False)


def sessions_done(scope: Scope) -> QuerySet[PlannedSession]:
    """Give the planned sessions that were done on the days."""
    rows = PlannedSession.objects.filter(
        status=PlannedStatus.DONE,
        performed_on__range=(scope.from_on, scope.until_on),
        course__site__in=[site.pk for site in scope.sites],
    )
    return rows.filter(course_filter(scope, "course__")).order_by()


def overdue(scope: Scope) -> QuerySet[PlannedSession]:
    """Give the sessions of open courses whose window closed on the days and is over, and that were not done."""
    rows = PlannedSession.objects.filter(
        status__in=[PlannedStatus.PLANNED, PlannedStatus.BOOKED],
        is_held=False,
        latest_on__range=(scope.from_on, min(scope.until_on, scope.today - timedelta(days=1))),
        course__clinic=scope.clinic,  # with the state, an index that finds the few open courses
        course__status__in=OPEN_COURSES,
        course__site__in=[site.pk for site in scope.sites],
    )
    return rows.exclude(why__in=[LEFT_OPEN, OUT_OF_PLAN]).filter(course_filter(scope, "course__")).order_by()


def timings() -> dict[str, Q]:
    """Give how a session done stands to its window; each is in exactly one of the last five."""
    done, latest = "performed_on", F("latest_on")
    return {
        "sessions": Q(),
        "in-window": Q(performed_on__range=(F("earliest_on"), latest)),
        "early": Q(performed_on__lt=F("earliest_on")),
        "late-week": Q(performed_on__gt=latest) & ~Q(**{f"{done}__gt": latest + WEEK}),
        "late-fortnight": Q(**{f"{done}__gt": latest + WEEK}) & ~Q(**{f"{done}__gt": latest + FORTNIGHT}),
        "gap": Q(**{f"{done}__gt": latest + FORTNIGHT}),
    }


def begun(scope: Scope) -> QuerySet[Course]:
    """Give the courses whose first session was planned on the days, as the last count knows them."""
    return courses_of(scope).filter(start_on__range=(scope.from_on, scope.until_on), figures__isnull=False)


def reached(scope: Scope) -> QuerySet[Course]:
    return begun(scope).filter(figures__sessions_done__gte=scope.number or 0)


def dropped(scope: Scope) -> QuerySet[Course]:
    rows = begun(scope).filter(HAS_DROPPED)
    return rows if scope.number is None else rows.filter(figures__sessions_done=scope.number)


def reviews(scope: Scope) -> list[CoursePlan]:
    """List the courses whose review is due now, whatever the days; who waits longest first. Seven SQL statements."""
    keys = {site.pk for site in scope.sites}
    return [
        plan
        for plan in open_reviews(scope.clinic, scope.practitioner, MOST_REVIEWS)
        if plan.course.site_id in keys
        and (scope.species is None or plan.course.patient.species_id == scope.species.pk)
        and (scope.protocol is None or plan.course.protocol_version.protocol_id == scope.protocol.pk)
        and (scope.indication is None or plan.course.indication_id == scope.indication.pk)
    ]


def courses(scope: Scope) -> Part:
    """Say how courses went. Ten SQL statements."""
    named = timings()
    counts = {f"n{n}": Count("pk", filter=q) if q else Count("pk") for n, q in enumerate(named.values())}
    n = dict(zip(named, sessions_done(scope).aggregate(**counts).values(), strict=True))
    late = overdue(scope).count()
    ends = _ends(scope)
    due = len(reviews(scope))
    title = _("Courses")
    if not (n["sessions"] or late or ends or due):
        nothing = _(
            "No session of a course was done or due on these days, and no course counted so far began. Courses are counted every night."
        )
        return Part("courses", title, [Block("empty", text=nothing)])
    return Part("courses", title, [_figures(n, late, due, scope), *_timing_blocks(n, scope), *_drop_out(ends, scope)])


def _figures(n: dict[str, int], late: int, due: int, scope: Scope) -> Block:
    return Block(
        "figures",
        figures=[
            Figure(_("sessions done"), linked(n["sessions"], scope, "sessions")),
            Figure(
                _("inside their window"), linked(n["in-window"], scope, "in-window"), of(n["in-window"], n["sessions"])
            ),
            Figure(_("after a gap"), linked(n["gap"], scope, "gap"), _("more than 14 days after their window")),
            Figure(_("overdue"), linked(late, scope, "overdue"), _("their window closed on these days, not done")),
            Figure(_("reviews due"), linked(due, scope, "reviews"), _("now, whatever the days")),
        ],
    )


def _timing_blocks(n: dict[str, int], scope: Scope) -> list[Block]:
    if not n["sessions"]:
        return []
    named = {
        "early": _("before their window"),
        "in-window": _("inside their window"),
        "late-week": _("up to 7 days after it"),
        "late-fortnight": _("8 to 14 days after it"),
        "gap": _("more than 14 days after it"),
    }
    title = _("Sessions done, by their window")
    bars = [Bar(said, n[key] / n["sessions"], f"{of(n[key], n['sessions'])}") for key, said in named.items()]
    rows = []
    for key, said in named.items():
        count = linked(n[key], scope, key)
        rows.append([Cell(said), count, behind(of(n[key], n["sessions"]), count)])
    heads = [(_("Done"), "left"), (_("Sessions"), "right"), (_("Share"), "right")]
    return [
        Block("chart", title=title, svg=bar_chart(bars, title=title, name="chart-windows"), alt=title),
        Block("table", heads=heads, rows=rows),
    ]


Ends = list[tuple[int, int, int, datetime]]


def _ends(scope: Scope) -> Ends:
    """Give (sessions done, courses, courses of these that were dropped, when counted) of the courses that began.

    One SQL statement.
    """
    rows = begun(scope).values_list("figures__sessions_done")
    counts = {"all": Count("pk"), "dropped": Count("pk", filter=HAS_DROPPED), "at": Max("figures__counted_at")}
    return sorted(rows.annotate(**counts))


def _drop_out(ends: Ends, scope: Scope) -> list[Block]:
    if not ends:
        return []
    stopped = Counter({number: count for number, _all, count, _at in ends})
    total = sum(stopped.values())
    last = min(ends[-1][0], MOST_NUMBERS)
    rows, bars = [], []
    for number in range(last + 1):
        had = sum(count for done, count, _dropped, _at in ends if done >= number)
        said = _("before the first") if number == 0 else _("after session %(number)s") % {"number": number}
        share = stopped[number] / had if had else None
        cells = [linked(had, scope, "reached", number=number), linked(stopped[number], scope, "dropped", number=number)]
        rows.append([Cell(said), *cells, behind(percent(share), cells[1])])
        bars.append(Bar(said, share or 0.0, percent(share)))
    everybody = sum(count for _done, count, _dropped, _at in ends)
    whole_row = (linked(everybody, scope, "reached", number=0), linked(total, scope, "dropped"))
    rows.append([Cell(_("in all")), *whole_row, behind(percent(total / everybody), whole_row[1])])
    title = _("Drop-out by session number")
    heads = [(_("Dropped out"), "left"), (_("Courses that came so far"), "right"), (_("Dropped out there"), "right")]
    note = _(
        "Of the courses that began on these days: dropped out is stopped, or lapsed and waiting. The others go on or are completed."
    )
    return [
        Block("chart", title=title, svg=bar_chart(bars, title=title, name="chart-drop-out"), alt=title),
        Block("table", heads=[*heads, (_("Share"), "right")], rows=rows),
        Block("text", text=f"{note} {age_said(max(at for *_counts, at in ends))}"),
    ]
