"""The page of calls as a list nobody is left out of, for a file: read as keys, then line by line in pieces."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from mesoclinic.core.localtime import local_day
from mesoclinic.core.models import Site
from sessions.queries import courses
from sessions.queries.broken import lost_visits
from sessions.queries.today_desk import LOST_DAYS, Call, Key, Rebook, calls_of, keys_to_call, rebook_of, with_news


@dataclass(frozen=True)
class WholeCallLists:
    """`keys` of all lines as the page has them, `why` visits have lost their time. Visits of a round are a line each."""

    site: Site
    now: datetime
    keys: list[Key]
    why: dict[int, str]

    def lines(self, keys: Sequence[Key]) -> list[Call | Rebook]:
        """Give the lines of these keys that still stand, those to call first. At most seven SQL statements."""
        today = local_day(self.now, self.site.zone)
        calls = calls_of(self.site, [key for key in keys if key[0] != "rebook"], today, self.now)
        of_visits = [pk for what, pk in keys if what == "rebook"]
        lost = [pk for pk in of_visits if pk in self.why]
        found = courses.visits_to_rebook(self.site, self.now, lost).in_bulk(of_visits) if of_visits else {}
        visits = [found[pk] for pk in of_visits if pk in found]
        for visit in visits:
            visit.site, visit.clinic = self.site, self.site.clinic
        courses.say_why(visits, self.site)
        calls, rebook = with_news(self.site, calls, [rebook_of(one, self.why, today) for one in visits], self.now)
        return [*calls, *rebook]


def whole_call_lists(site: Site, now: datetime) -> WholeCallLists:
    """Name everybody to call, then what is to be rebooked. Eight SQL statements, and those of `blocked_times`."""
    why = lost_visits(site, now=now, until=now + timedelta(days=LOST_DAYS)).why
    moved = courses.visits_to_rebook(site, now).values_list("pk", flat=True)
    visits = [*why, *(pk for pk in moved if pk not in why)]
    keys = [*keys_to_call(site, local_day(now, site.zone), now), *(("rebook", pk) for pk in visits)]
    return WholeCallLists(site, now, keys, why)
