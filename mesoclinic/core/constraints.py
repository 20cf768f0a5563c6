"""Database constraints both engines keep: NoOverlap, closed lists of choices, and naming the one that was violated."""

import re
from datetime import timedelta

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import DEFAULT_DB_ALIAS, IntegrityError
from django.db.backends.ddl_references import Columns, Statement, Table
from django.db.models import BaseConstraint, CheckConstraint, Choices, F, Q, UniqueConstraint
from django.db.models.sql import Query
from django.utils.translation import gettext_lazy as _

POSTGRESQL = (
    "ALTER TABLE %(table)s ADD CONSTRAINT %(name)s EXCLUDE USING gist"
    " (%(resource)s WITH =, tstzrange(%(start)s, %(end)s) WITH &&) WHERE (%(where)s)"
)
# Live rows never overlap, so the last one to start before our end is the only one that can reach into us: one index
# seek. AFTER, so that the condition can be asked of the stored row by unqualified column names, as Django writes them.
SQLITE = (
    "CREATE TRIGGER %(name)s AFTER %(event)s ON %(table)s BEGIN"
    " SELECT RAISE(ABORT, 'NoOverlap %(label)s')"
    " WHERE EXISTS (SELECT 1 FROM %(table)s WHERE %(pk)s = NEW.%(pk)s AND (%(where)s))"
    " AND (SELECT %(end)s FROM %(table)s WHERE %(resource)s = NEW.%(resource)s AND (%(where)s)"
    " AND %(pk)s <> NEW.%(pk)s AND %(start)s < NEW.%(end)s ORDER BY %(start)s DESC LIMIT 1) > NEW.%(start)s; END"
)
# With minutes before and after (the way there and back) a row keeps more time busy than it says. PostgreSQL: what
# `timestamptz - interval` gives depends on the session's time zone, so the range is made of UTC wall times.
POSTGRESQL_PADDED = (
    "ALTER TABLE %(table)s ADD CONSTRAINT %(name)s EXCLUDE USING gist (%(resource)s WITH =,"
    " tsrange(timezone('UTC', %(start)s) - %(before)s * interval '1 minute',"
    " timezone('UTC', %(end)s) + %(after)s * interval '1 minute') WITH &&) WHERE (%(where)s)"
)
# Busy times never overlap, so they are ordered as the starts are: only the last to start before our busy time ends, and
# the first to start after it, can reach into us. Two index seeks.
SQLITE_PADDED = (
    "CREATE TRIGGER %(name)s AFTER %(event)s ON %(table)s BEGIN"
    " SELECT RAISE(ABORT, 'NoOverlap %(label)s')"
    " WHERE EXISTS (SELECT 1 FROM %(table)s WHERE %(pk)s = NEW.%(pk)s AND (%(where)s))"
    " AND ((SELECT {until} FROM %(table)s WHERE %(resource)s = NEW.%(resource)s AND (%(where)s)"
    " AND %(pk)s <> NEW.%(pk)s AND %(start)s < {new_until} ORDER BY %(start)s DESC LIMIT 1) > {new_since}"
    " OR (SELECT {since} FROM %(table)s WHERE %(resource)s = NEW.%(resource)s AND (%(where)s)"
    " AND %(pk)s <> NEW.%(pk)s AND %(start)s >= {new_until} ORDER BY %(start)s LIMIT 1) < {new_until}); END"
)
SINCE = (
    "CASE {0}%(before)s WHEN 0 THEN {0}%(start)s ELSE datetime({0}%(start)s, '-' || {0}%(before)s || ' minutes') END"
)
UNTIL = "CASE {0}%(after)s WHEN 0 THEN {0}%(end)s ELSE datetime({0}%(end)s, '+' || {0}%(after)s || ' minutes') END"
SQLITE_PADDED = SQLITE_PADDED.format(
    since=SINCE.format(""), until=UNTIL.format(""), new_since=SINCE.format("NEW."), new_until=UNTIL.format("NEW.")
)

MOST_AROUND = timedelta(days=1)  # no minutes before or after are more


class NoOverlap(BaseConstraint):
    """No two live rows of one resource share time; half-open intervals, rows without a resource are free.

    `before` and `after` may name columns of whole minutes that keep the resource busy around a row; both or neither.
    PostgreSQL: an exclusion constraint (btree_gist). SQLite: two triggers, each one index seek (two with minutes
    around); the model needs an index on (resource, start).
    """

    def __init__(
        self, *, name, resource, condition, start="starts_at", end="ends_at", before=None, after=None, **kwargs
    ):
        self.resource, self.condition, self.start, self.end = resource, condition, start, end
        self.before, self.after = before, after
        super().__init__(name=name, **kwargs)

    def _statement(self, template, model, editor, name, **parts):
        table, quote = model._meta.db_table, editor.quote_name

        def column(field):
            return Columns(table, [model._meta.get_field(field).column], quote)

        query = Query(model, alias_cols=False)
        compiler = query.get_compiler(connection=editor.connection)
        where, params = query.build_where(self.condition).as_sql(compiler, editor.connection)
        if self.before:
            parts |= {"before": column(self.before), "after": column(self.after)}
        return Statement(
            template,
            table=Table(table, quote),
            name=quote(name),
            label=self.name,
            pk=column(model._meta.pk.name),
            resource=column(self.resource),
            start=column(self.start),
            end=column(self.end),
            where=where % tuple(editor.quote_value(p) for p in params),
            **parts,
        )

    def _statements(self, model, editor):
        if editor.connection.vendor == "postgresql":
            return [self._statement(POSTGRESQL_PADDED if self.before else POSTGRESQL, model, editor, self.name)]
        trigger = SQLITE_PADDED if self.before else SQLITE
        return [
            self._statement(trigger, model, editor, f"{self.name}_{event[:6].lower()}", event=event)
            for event in ("INSERT", "UPDATE")
        ]

    def constraint_sql(self, model, schema_editor):
        """Add to a new (or, on SQLite, rebuilt) table: nothing inline, all after it stands under its final name."""
        schema_editor.deferred_sql.extend(self._statements(model, schema_editor))

    def create_sql(self, model, schema_editor):
        return self._statements(model, schema_editor)[0]  # PostgreSQL only: SQLite rebuilds the table instead

    def remove_sql(self, model, schema_editor):
        return schema_editor._delete_constraint_sql(
            schema_editor.sql_delete_check, model, schema_editor.quote_name(self.name)
        )

    def validate(self, model, instance, exclude=None, using=DEFAULT_DB_ALIAS):
        names = (self.resource, self.start, self.end)
        resource, start, end = (getattr(instance, model._meta.get_field(f).attname) for f in names)
        if set(names) & set(exclude or ()) or None in (resource, start, end):
            return
        if not self.condition.check(instance._get_field_expression_map(meta=model._meta, exclude=exclude), using=using):
            return
        since, until = self._busy(instance)
        around = MOST_AROUND if self.before else timedelta(0)
        rivals = model._base_manager.using(using).filter(
            self.condition,
            Q((self.resource, resource), (f"{self.start}__lt", until + around), (f"{self.end}__gt", since - around)),
        )
        for rival in rivals.exclude(pk=instance.pk):
            rival_since, rival_until = self._busy(rival)
            if rival_since < until and since < rival_until:
                raise ValidationError(self.get_violation_error_message(), code=self.violation_error_code)

    def _busy(self, row):
        """The time a row keeps busy, the minutes around it included."""
        before, after = (timedelta(minutes=getattr(row, f)) if f else timedelta(0) for f in (self.before, self.after))
        return getattr(row, self.start) - before, getattr(row, self.end) + after

    def deconstruct(self):
        path, args, kwargs = super().deconstruct()
        own = {"resource": self.resource, "condition": self.condition, "start": self.start, "end": self.end}
        around = {"before": self.before, "after": self.after} if self.before else {}
        return path, args, {**kwargs, **own, **around}

    def __eq__(self, other):
        return self.deconstruct() == other.deconstruct() if isinstance(other, NoOverlap) else NotImplemented


def one_of(field: str, choices: type[Choices], *, name: str) -> CheckConstraint:
    """Return the constraint that a field holds one of its choices and nothing else."""
    return CheckConstraint(
        condition=Q(**{f"{field}__in": sorted(choices.values)}),
        name=name,
        violation_error_message=_("Choose one of the offered values."),
    )


def in_order(first: str, last: str, *, name: str, message: str, strictly: bool = False) -> CheckConstraint:
    """Return the constraint that `first` does not come after `last`; either may be empty."""
    comparison = "lt" if strictly else "lte"
    return CheckConstraint(
        condition=Q(**{f"{first}__isnull": True})
        | Q(**{f"{last}__isnull": True})
        | Q(**{f"{first}__{comparison}": F(last)}),
        name=name,
        violation_error_message=message,
    )


def violated(exc: IntegrityError) -> str | None:
    """Name the constraint an IntegrityError is about, on both engines; None when the engine does not say."""
    diagnosis = getattr(exc.__cause__, "diag", None)
    if diagnosis is not None:
        return diagnosis.constraint_name
    text = str(exc)
    for pattern in (r"^NoOverlap (\w+)", r"^CHECK constraint failed: (\w+)", r"index '(\w+)'", r"^frozen (\w+)"):
        if found := re.search(pattern, text):
            return found[1]
    if found := re.search(r"^UNIQUE constraint failed: (.+)$", text):
        return _unique_name([part.strip().split(".") for part in found[1].split(",")])
    return None


def _unique_name(columns: list[list[str]]) -> str | None:
    table, names = columns[0][0], {column for _, column in columns}
    for model in apps.get_models():
        if model._meta.db_table == table:
            for constraint in model._meta.constraints:
                if isinstance(constraint, UniqueConstraint) and names == {
                    model._meta.get_field(field).column for field in constraint.fields
                }:
                    return constraint.name
    return None
