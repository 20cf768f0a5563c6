"""What can be chosen for a visit or a round that lost its time, and how it is said."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mesoclinic.core.localtime import local_day
from mesoclinic.core.models import Site
from sessions.models import Room
from sessions.queries.appointments import FreeTime


@dataclass(frozen=True)
class Choice:
    """A time a visit could have, and in words what changes for the patient."""

    free: FreeTime
    words: str
    is_outside: bool

    @property
    def room(self) -> Room | None:
        return self.free.room


@dataclass(frozen=True)
class Choices:
    """The time proposed, None when none was found, and others that are free beside all the proposals.

    Of a round also `why_torn`: in words, why it cannot stay whole and its visits are proposed one by one.
    """

    proposed: Choice | None = None
    others: tuple[Choice, ...] = ()
    why_torn: str = ""

    @property
    def all(self) -> list[Choice]:
        """Give what can be chosen, the proposal first."""
        return [self.proposed, *self.others] if self.proposed else list(self.others)


def when_words(old_at: datetime, new_at: datetime, site: Site) -> str:
    """Say how far a new time is from the old one."""
    days = (local_day(new_at, site.zone) - local_day(old_at, site.zone)).days
    if days > 0:
        return ngettext("%(days)d day later", "%(days)d days later", days) % {"days": days}
    if days < 0:
        return ngettext("%(days)d day earlier", "%(days)d days earlier", -days) % {"days": -days}
    if new_at == old_at:
        return _("same time")
    minutes = round((new_at - old_at).total_seconds() / 60)
    said = _("same day, %(minutes)s minutes later") if minutes > 0 else _("same day, %(minutes)s minutes earlier")
    return said % {"minutes": abs(minutes)}
