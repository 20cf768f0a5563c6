"""Lists of rows in a form: what is wrong in them, for the summary above it, and their buttons without scripts."""

from dataclasses import dataclass

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _

ROW_VERBS = ("add", "remove", "up", "down")


@dataclass(frozen=True, slots=True)
class RowFault:
    """What is wrong in one row of a list, for the summary above a form: `place` in words, the id of the field."""

    place: str
    anchor: str
    message: str


def row_faults(formset: forms.BaseFormSet, name: str) -> list[RowFault]:
    """List what is wrong in the rows of a list called `name`, in the order they stand; nothing of those taken away."""
    if not formset.is_bound:
        return []
    own = formset.management_form["TOTAL_FORMS"].id_for_label  # a page of several records holds a list more than once
    faults = [RowFault(name, f"{own}-rows", str(one)) for one in formset.non_form_errors()]
    shown = [form for form in formset.forms if not formset._should_delete_form(form)]
    for number, form in enumerate(shown, 1):
        row = _("%(list)s, row %(number)s") % {"list": name, "number": number}
        first = form.visible_fields()[0].id_for_label
        faults += [RowFault(row, first, str(one)) for one in form.non_field_errors()]
        for field in form.visible_fields():
            faults += [RowFault(f"{row}, {field.label}", anchor_of(field), str(one)) for one in field.errors]
        for field in form.hidden_fields():
            faults += [RowFault(row, first, str(one)) for one in field.errors]
    return faults


def anchor_of(field: forms.BoundField) -> str:
    """Give the id a link to a field leads to: of several buttons, the first."""
    return field.id_for_label or f"{field.auto_id}_0"


def part_faults(form: forms.BaseForm, name: str) -> list[RowFault]:
    """List what is wrong in a form that is a part, called `name`, of another one."""
    faults = [RowFault(name, form.visible_fields()[0].id_for_label, str(one)) for one in form.non_field_errors()]
    for field in form.visible_fields():
        faults += [RowFault(f"{name}, {field.label}", field.id_for_label, str(one)) for one in field.errors]
    return faults


def rows_asked(data: QueryDict, prefix: str) -> QueryDict | None:
    """Answer the row buttons of `_formset_rows.html` without scripts.

    Returns the posted data with the row added, removed or moved, or None when no row button was pressed; the view
    then shows the form again, unsaved. On a page with several lists the buttons are named after theirs: `rows-PREFIX`.
    """
    verb, _dash, index = (data.get(f"rows-{prefix}") or data.get("rows", "")).partition("-")
    count = data.get(f"{prefix}-TOTAL_FORMS", "")
    if verb not in ROW_VERBS or not count.isdecimal():
        return None
    changed = data.copy()
    total = min(int(count), 1000)
    if verb == "add":
        changed[f"{prefix}-TOTAL_FORMS"] = str(total + 1)
    elif index.isdecimal() and int(index) < total:
        _change_row(changed, prefix, verb, int(index), total)
    return changed


def _change_row(data: QueryDict, prefix: str, verb: str, index: int, total: int) -> None:
    if verb == "remove":
        data[f"{prefix}-{index}-DELETE"] = "on"
        return
    other = index - 1 if verb == "up" else index + 1
    if not 0 <= other < total:
        return
    first, second = f"{prefix}-{index}-", f"{prefix}-{other}-"
    moving = [key for key in data if key.startswith((first, second)) and not key.endswith("-ORDER")]
    taken = {key: data.pop(key) for key in moving}  # the places keep their numbers, the contents change places
    for key, values in taken.items():
        swapped = second + key.removeprefix(first) if key.startswith(first) else first + key.removeprefix(second)
        data.setlist(swapped, values)
