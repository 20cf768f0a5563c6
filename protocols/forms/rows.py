"""Rows of a form that are put in order, left out and left blank."""

from typing import Any

from django import forms


class OrderedRows(forms.BaseFormSet):
    """Rows whose forms say `is_blank`; made with `can_order`, `can_delete` and `max_num`."""

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        return {**super().get_form_kwargs(index), "empty_permitted": True, "use_required_attribute": False}

    @property
    def kept(self) -> list[Any]:
        """The rows in their order, without deleted and blank ones. Needs `is_valid()` to have been asked."""
        kept = [form for form in self.forms if not self._should_delete_form(form) and not form.is_blank]
        return sorted(kept, key=lambda form: form.cleaned_data.get("ORDER") or self.max_num * 2)
