"""Lists that are empty on most days: whether there is anything is asked first, and the names only when there is."""

from typing import TypeVar

from django.db.models import Model, QuerySet

Row = TypeVar("Row", bound=Model)


def list_rare(rows: QuerySet[Row], at_most: int | None = None) -> list[Row]:
    """List the first rows of a query, in its order. One SQL statement for none, two for any number of them.

    Django puts a wide SELECT together column by column, joined ones too, whatever it finds: for a list with the names
    of patients, practitioners and places that is five times what asking for its keys costs.
    """
    keys = list(rows.values_list("pk", flat=True)[:at_most])
    found = rows.in_bulk(keys) if keys else {}
    return [found[key] for key in keys if key in found]
