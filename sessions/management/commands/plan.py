"""Plan a series from the command line: what the calendar of a cadence would look like. Needs no database."""

import json
import re
from argparse import ArgumentTypeError
from datetime import date
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from protocols.cadence import CadenceError, parse
from sessions.scheduling.planning import PlannedDay, longest_plan_until, plan_course

EXIT_BAD_INPUT = 2
KEYS = ("number", "phase", "due_on", "earliest_on", "latest_on", "minutes", "held", "late")


class Command(BaseCommand):
    help = "Print the days of a series, such as: plan '4x1w, 2x2w, *x4-6w' --start 2026-03-02 --until 2026-12-31"
    requires_system_checks = []

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Make the parser say what is wrong in one line, without its usage."""
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.error = self._refuse_arguments
        return parser

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("cadence", help="the series in the notation of docs/cadence.md")
        parser.add_argument("--start", required=True, type=_day, help="the day of the first session")
        parser.add_argument("--until", required=True, type=_day, help="the last day, at most ten years after the start")
        parser.add_argument("--closed", action="append", default=[], type=_day, help="a closed day, repeatable")
        parser.add_argument("--json", action="store_true", help="print a list of objects")

    def handle(self, *args: Any, **options: Any) -> None:
        start_on, until, closed = options["start"], options["until"], frozenset(options["closed"])
        try:
            cadence = parse(options["cadence"])
        except CadenceError as error:
            raise CommandError(str(error), returncode=EXIT_BAD_INPUT) from error
        if until > longest_plan_until(start_on):
            words = _("--until is at most ten years after --start: %(day)s at the latest")
            raise CommandError(words % {"day": longest_plan_until(start_on)}, returncode=EXIT_BAD_INPUT)
        days = plan_course(cadence, start_on, lambda day: day not in closed, until=until)
        self.stdout.write(json.dumps([_as_object(day) for day in days], indent=2) if options["json"] else _table(days))

    def _refuse_arguments(self, message: str) -> NoReturn:
        raise CommandError(" ".join(message.split()), returncode=EXIT_BAD_INPUT)

    def run_from_argv(self, argv: list[str]) -> None:
        """Refuse in one bare line, whether the arguments or what they say cannot be read."""
        try:
            super().run_from_argv(argv)
        except CommandError as error:
            self._leave(error)

    def execute(self, *args: Any, **options: Any) -> str | None:
        try:
            return super().execute(*args, **options)
        except CommandError as error:
            if not self._called_from_command_line:
                raise
            self._leave(error)

    def _leave(self, error: CommandError) -> NoReturn:
        self.stderr.write(str(error))
        raise SystemExit(error.returncode) from error


def _day(text: str) -> date:
    """Read an ISO day, such as 2026-03-02, and no other spelling."""
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise ArgumentTypeError(_("%(text)s is not a day such as 2026-03-02") % {"text": ascii(text[:40])})


def _as_object(day: PlannedDay) -> dict[str, Any]:
    values = {key: getattr(day, key) for key in KEYS}
    return {key: value.isoformat() if isinstance(value, date) else value for key, value in values.items()}


def _table(days: list[PlannedDay]) -> str:
    """Lay the plan out in columns as wide as their widest entry."""
    if not days:
        return _("No session is due in this time.")
    heads = [_("No."), _("Phase"), _("Due"), _("Earliest"), _("Latest"), _("Minutes"), ""]
    rows = [heads, *(_row(day) for day in days)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(heads))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _row(day: PlannedDay) -> list[str]:
    notes = [word for word, applies in ((_("held for review"), day.held), (_("late"), day.late)) if applies]
    minutes = "" if day.minutes is None else str(day.minutes)
    due = f"{day.due_on:%a} {day.due_on.isoformat()}"
    days = [due, day.earliest_on.isoformat(), day.latest_on.isoformat()]
    return [str(day.number), str(day.phase), *days, minutes, ", ".join(notes)]
