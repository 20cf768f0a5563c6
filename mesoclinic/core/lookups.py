"""What the ORM can be asked besides Django's own lookups; registered when the app is ready."""

from typing import Any

from django.db.models import DateTimeField, Lookup


@DateTimeField.register_lookup
class WithinAny(Lookup):
    """`starts_at__within_any=[(from_at, until_at), …]`: in one of these spans, both ends included; never empty.

    One condition whatever their number: thirty of Django's `range` in an OR cost more to put together than to ask.
    """

    lookup_name = "within_any"
    prepare_rhs = False  # instants already, and there may be many

    def as_sql(self, compiler, connection) -> tuple[str, list[Any]]:
        column, column_params = self.process_lhs(compiler, connection)
        field, params = self.lhs.output_field, []
        for span in self.rhs:
            for end in span:
                params += [*column_params, field.get_db_prep_value(end, connection, prepared=True)]
        spans = " OR ".join([f"({column} >= %s AND {column} <= %s)"] * len(self.rhs))
        return f"({spans})", params

    def as_sqlite(self, compiler, connection) -> tuple[str, list[Any]]:
        """SQLite finds no seek in an OR below an OR, so it is told the bounds of all spans too."""
        spans, params = self.as_sql(compiler, connection)
        column, column_params = self.process_lhs(compiler, connection)
        field = self.lhs.output_field
        first, last = min(a for a, _b in self.rhs), max(b for _a, b in self.rhs)
        for end in (last, first):
            params = [*column_params, field.get_db_prep_value(end, connection, prepared=True), *params]
        return f"({column} >= %s AND {column} <= %s AND {spans})", params
