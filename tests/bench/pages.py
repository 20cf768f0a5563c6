"""P10: every page asks the database as often for a thousand rows as for ten. None is left out: the URLs are walked."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime

import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.bench.crowd import Crowd
from tests.bench.timing import Amount, require
from tests.factories import make_horse
from tests.web.rights import all_rows, all_views

AT = datetime(2027, 3, 3, 9, 10, tzinfo=UTC)  # a working day, ten minutes after the visits of that day began

# Pages that show another list when asked for more; each is counted both ways.
ALSO: dict[str, Callable[[Crowd], dict[str, str]]] = {
    "patients:list": lambda world: {"q": "horse", "state": "all"},
    "patients:merge": lambda world: {"q": "horse"},
    "sessions:book": lambda world: {"patient": str(world.one(make_horse).public_id)},
    "sessions:walk-in": lambda world: {"patient": str(world.one(make_horse).public_id)},
    "sessions:calendar": lambda world: {"view": "week"},
    "sessions:calendar-feed": lambda world: {"view": "week"},
    "sessions:courses": lambda world: {"status": "", "sort": "-patient"},
    "sessions:records-unsigned": lambda world: {"of": "all"},
}


@dataclass
class Counted:
    """What was asked: the number of queries and of letters of each page, in each clinic; and what was no page."""

    queries: dict[str, list[int]] = field(default_factory=dict)
    letters: dict[str, list[int]] = field(default_factory=dict)
    no_page: dict[str, str] = field(default_factory=dict)

    @property
    def uneven(self) -> dict[str, list[int]]:
        return {name: counts for name, counts in self.queries.items() if len(set(counts)) > 1}

    @property
    def grown(self) -> set[str]:
        """The lists: pages that say more when there is more to say."""
        return {name for name, counts in self.letters.items() if counts[-1] > counts[0] + 500}


def queries_per_page(*, few: int = 10, many: int = 1000) -> list[Amount]:
    """Give one line for all pages, and one for each whose number of queries depends on the rows: those fail the run."""
    counted = count_pages(few=few, many=many)
    require(len(counted.grown) > 10, "P10: fewer pages than there are lists")
    words = f"P10 queries per page, {many:,} rows / {few} rows, {len(counted.queries)} pages"
    worst = max((max(counts) / max(min(counts), 1) for counts in counted.uneven.values()), default=1.0)
    lines = [Amount(words, f"{worst:.2f}", "1.00", "FAILED" if counted.uneven else "aim met")]
    return lines + [
        Amount(f"P10 {name}", f"{large} / {small} queries", "equal", "FAILED")
        for name, (small, large) in counted.uneven.items()
    ]


@time_machine.travel(AT, tick=False)
def count_pages(*, few: int, many: int, only: Collection[str] | None = None) -> Counted:
    """Ask for every URL of the rights matrix, or only some, in a clinic with few rows of everything, and with many.

    The clock stands still: what is late, away or still to come is the same in both, and no session is renewed.
    """
    worlds, counted = (Crowd(few), Crowd(many)), Counted()
    names = all_rows().keys() & all_views().keys()
    for name in sorted(names if only is None else names & set(only)):
        _count(counted, worlds, name, "")
        if name in ALSO:
            _count(counted, worlds, name, " when asked for more")
    return counted


def _count(counted: Counted, worlds: tuple[Crowd, Crowd], name: str, more: str) -> None:
    answers = [_asked(world, name, more=bool(more)) for world in worlds]
    if no_page := next((words for words, _queries, _letters in answers if words), ""):
        counted.no_page[name] = no_page
        return
    if answers[0][1] != answers[1][1]:  # what is kept or noted at the first look is not asked for again
        answers = [_asked(world, name, more=bool(more)) for world in worlds]
    counted.queries[name + more] = [queries for _words, queries, _letters in answers]
    counted.letters[name + more] = [letters for _words, _queries, letters in answers]


def _asked(world: Crowd, name: str, *, more: bool) -> tuple[str, int, int]:
    """Ask for a page: why it is none, how many queries it took, how long it is."""
    row = all_rows()[name]
    query = ALSO[name](world) if more else row.asked(world)
    url = reverse(name, kwargs=row.kwargs(world) if row.kwargs else None, query=query or None)
    with CaptureQueriesContext(connection) as asked:
        answer = world.client.get(url)
    if answer.status_code != 200:
        return str(answer.status_code), 0, 0
    queries = [one for one in asked.captured_queries if "SAVEPOINT" not in one["sql"]]
    return "", len(queries), len(b"".join(answer))
