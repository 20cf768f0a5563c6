"""Sessions that repeat one before say so instead of telling all of it again; what differs is told in full. Pure."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from operator import eq, ne
from typing import Any

from sessions.printing.document import SessionPart, SiteLine
from sessions.printing.pieces import Rows, comma, joined
from sessions.printing.words import Words


@dataclass(frozen=True)
class Facet:
    """A part of a session that may be as in one before: the key of its word, its values, the same session without them."""

    word: str
    value: Callable[[SessionPart], Any]
    without: Callable[[SessionPart], SessionPart]
    corrected_by: tuple[str, ...] = ()


def _facet(word: str, *names: str, corrected_by: tuple[str, ...] = ()) -> Facet:
    blank: dict[str, Any] = {name: SessionPart.__dataclass_fields__[name].default for name in names}
    return Facet(
        word, lambda one: tuple(getattr(one, name) for name in names), lambda one: replace(one, **blank), corrected_by
    )


def _where(session: SessionPart) -> tuple[SiteLine, ...]:
    return tuple(replace(site, shots=None, depth_mm="", reactive=False) for site in session.sites)


def _without_sites(session: SessionPart) -> SessionPart:
    return replace(session, sites=(), shots_told=session.shots or None)  # their sum stays beside the title


SITES = Facet("sites", _where, _without_sites)
FACETS = (
    _facet("mix", "mix"),
    SITES,
    _facet("body_map", "body"),
    _facet("technique", "technique"),
    _facet("device", "device", "needle", corrected_by=("device", "needle")),
    _facet("depth", "depth", corrected_by=("depth",)),
    _facet("weight_used", "weight_kg", "weight_estimated", corrected_by=("weight_used",)),
    _facet("checks", "checks"),
    _facet("aftercare", "aftercare"),
)


def told_once(sessions: Iterable[SessionPart], words: Words) -> list[tuple[SessionPart, Rows]]:
    """Give each session with what it tells itself, and rows that name the session the rest was told in.

    A session withdrawn, or with something added to it, tells all of its own and is pointed to by none; so does a value
    that a correction gave.
    """
    told: dict[str, list[SessionPart]] = defaultdict(list)  # by facet, where it was told in full
    found = []
    for session in sessions:
        shown, other = session, ""
        same: dict[int, list[str]] = {}
        for facet in () if session.withdrawn or session.addenda else FACETS:
            if _is_corrected(session, facet) or not any(_flat(facet.value(session))):
                continue
            before = _told_before(session, facet, told[facet.word])
            if before is None:
                told[facet.word].append(session)
                continue
            same.setdefault(before.number, []).append(words[facet.word])
            shown = facet.without(shown)
            other = _differing(session, before, words) if facet is SITES else other
        rows = [[words["as_session"].format(number=n), _list(names)] for n, names in same.items()]
        found.append((shown, [*rows, *([[words["differs"], other]] if other else [])]))
    return found


def _told_before(session: SessionPart, facet: Facet, told: list[SessionPart]) -> SessionPart | None:
    """Give the session that told the same, the latest of several; of places one that shares some of them does."""
    alike = [one for one in reversed(told) if facet.value(one) == facet.value(session)]
    if facet is not SITES:
        return next(iter(alike), None)
    return min(
        (one for one in alike if any(map(eq, one.sites, session.sites))),
        key=lambda one: sum(map(ne, one.sites, session.sites)),
        default=None,
    )


def _is_corrected(session: SessionPart, facet: Facet) -> bool:
    mix = facet.word == "mix" and any(line.lot_signed or line.given_signed_ml is not None for line in session.mix)
    return mix or any(one.what in facet.corrected_by for one in session.amended)


def _flat(value: Any) -> Iterable[Any]:
    return value if isinstance(value, tuple) else (value,)


def _list(names: list[str]) -> str:
    return comma([name if n == 0 else name[:1].lower() + name[1:] for n, name in enumerate(names)])


def _differing(session: SessionPart, before: SessionPart, words: Words) -> str:
    """Tell the places whose shots, depth or reaction are others, each with all of these."""
    return "\n".join(
        joined([place_said(site, words), depth_said(site), f"{site.shots or 0} {words['shots'].lower()}"])
        for site, was in zip(session.sites, before.sites, strict=True)
        if site != was
    )


def place_said(site: SiteLine, words: Words) -> str:
    return comma([site.region, site.side, site.row]) + (f" ({words['reactive']})" if site.reactive else "")


def depth_said(site: SiteLine) -> str:
    return f"{site.depth_mm} mm" if site.depth_mm else ""
