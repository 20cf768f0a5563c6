"""A choice of rows that is sent by public ids."""

from collections.abc import Callable, Iterable
from uuid import UUID

from django import forms
from django.db.models import QuerySet


class PublicChoice(forms.ModelChoiceField):
    """A choice named by its public id; what no clinic of ours has is simply not among the choices."""

    def __init__(self, queryset, **kwargs):
        super().__init__(queryset, to_field_name="public_id", **kwargs)

    def offer(self, rows: QuerySet, shown: Callable[[], Iterable] | None = None) -> None:
        """Offer these rows: a page that has read them already, `shown`, does not ask for them again.

        A form that is saved shows none, so they are asked for only when they are drawn.
        """
        self.queryset = rows
        read = shown or (lambda: rows)
        nothing = [] if self.empty_label is None else [("", self.empty_label)]
        self.choices = lambda: [*nothing, *((one.public_id, self.label_from_instance(one)) for one in read())]

    def to_python(self, value):
        if value not in self.empty_values and not isinstance(value, self.queryset.model):
            try:
                UUID(str(value))
            except ValueError:
                raise forms.ValidationError(self.error_messages["invalid_choice"], code="invalid_choice") from None
        return super().to_python(value)
