"""The sections an owner looks for: what the last session gave and where, and from when on the horse may start. Pure."""

from decimal import Decimal

from sessions.printing.body_drawing import SMALL, body_drawing, body_said
from sessions.printing.document import CompetitionDay, CourseReport, SessionPart, SiteLine, Variant
from sessions.printing.pieces import Block, colon, comma, joined, listed, ml, table, was, window
from sessions.printing.words import Words, print_day


def given_last(report: CourseReport, words: Words) -> list[Block]:
    """Tell what the session gave: the mix with its sum, where it went, and what was corrected since."""
    blocks = [
        block
        for session in report.sessions
        for block in (*_mix(session, words), *_places(session, words), *_corrected(session, words))
    ]
    return blocks or [{"kind": "text", "text": words["none_yet"]}]


def competition(report: CourseReport, words: Words) -> list[Block]:
    """Say the earliest starts by rule, the competitions to come, and what was found when the mix was given."""
    rows = [
        [
            "\n".join(filter(None, cell))
            for cell in ([one.rule, one.source], [one.earliest], [one.counted_from, one.because])
        ]
        for one in report.competition_dates
    ]
    columns = [
        (words["competition_rule"], "left", "2fr"),
        (words["competition_earliest"], "left", "2fr"),
        (words["competition_counted"], "left", "1fr"),
    ]
    days = [_day(one, words) for one in report.competition_days]
    notes = [
        words["competition_after"].format(number=one.session, day=print_day(one.on, words), text=one.said)
        for one in report.competition
    ]
    return [*table(columns, rows, notes=True), *listed([*days, *notes, *_no_permission(report, words)])]


def _mix(session: SessionPart, words: Words) -> list[Block]:
    rows = [
        [line.substance, was(ml(line.given_ml, words), ml(line.given_signed_ml, words), words), line.dose]
        for line in session.mix
    ]
    given = [line.given_ml for line in session.mix if line.given_ml is not None]
    total = [[words["total"], ml(sum(given, Decimal(0)), words), ""]] if len(given) > 1 else []
    columns = [
        (words["substance"], "left", "1fr"),
        (words["given"], "right", "auto"),
        (words["dose"], "right", "auto"),
    ]
    return table(columns, [*rows, *total], total=bool(total))


def _places(session: SessionPart, words: Words) -> list[Block]:
    """Say where, and draw it beside: one page is to hold all of it."""
    rows = [
        [comma([site.region, site.side]) or words["sites"], joined(_shots(site, words))]
        for site in session.sites
        if site.region or site.side or site.shots
    ]
    facts = {"kind": "facts", "rows": rows}
    svg, width = body_drawing(session.body, words, title=words["body_map"], name="body-last", box=SMALL)
    if not svg:
        return [facts] if rows else []
    drawn = {"kind": "chart", "svg": svg, "alt": body_said(session.body, words), "width": str(width)}
    return [{"kind": "beside", "blocks": [drawn, facts]}] if rows else [drawn]


def _shots(site: SiteLine, words: Words) -> list[str]:
    shots = words["sheet_shots"].format(n=site.shots) if site.shots else ""
    return [shots, words["reactive"] if site.reactive else ""]


def _corrected(session: SessionPart, words: Words) -> list[Block]:
    return listed([colon(one.kind, one.text, words) for one in session.addenda])


def _day(one: CompetitionDay, words: Words) -> str:
    days = window(one.from_on, one.until_on, words) or print_day(one.from_on, words)
    event = f"{one.name} ({one.body})" if one.body else one.name
    early = words["competition_too_early"].format(rules=comma(one.too_early)) if one.too_early else ""
    return joined([words["competition_day"].format(days=days, event=event), early])


def _no_permission(report: CourseReport, words: Words) -> list[str]:
    """Say that no date is a permission; where no rule is known, on the sheet that goes home with a horse."""
    if report.competition_dates:
        return [words["competition_ask"]]
    goes_home = report.may_compete and report.variant is Variant.SHEET
    return [words["competition_unknown"]] if goes_home or report.competition_days else []
