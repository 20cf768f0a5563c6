"""The field a pack is scanned into: a lot number, or the text of a barcode that also says when the lot expires."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from mesoclinic.core.wording import date_format
from protocols import gs1

LONGEST_NUMBER = 60


class PackField(forms.CharField):
    """A lot number or a barcode's text. The separators a scanner sends are kept as visible characters."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_length": gs1.LONGEST, **kwargs})
        self.widget.attrs |= {"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}

    def to_python(self, value: Any) -> str:
        text = super().to_python(value)
        return text.replace(gs1.GS, gs1.SHOWN_GS) if isinstance(text, str) else text


def number_in(text: str) -> str:
    """The lot number a text names, alone or in a barcode; empty where it cannot be one."""
    try:
        pack = gs1.read_pack(text)
    except gs1.UnreadableError:
        return ""
    number = pack.lot if pack is not None else text.strip()
    return "" if "\x00" in number or len(number) > LONGEST_NUMBER else number


def read_pack(form: forms.Form, number: str, day: str = "expires_on") -> None:
    """Put lot and expiry of a scanned barcode into a form's cleaned data; say on the field what is wrong with it."""
    data = form.cleaned_data
    text = data.get(number) or ""
    if not text or number in form.errors:
        return
    try:
        pack = gs1.read_pack(text)
    except gs1.UnreadableError as no:
        form.add_error(number, ValidationError(_(no.message), code="barcode"))
        return
    if pack is None:
        _refuse_long(form, number, text)
        return
    data[number] = pack.lot
    typed = data.get(day)
    if typed is None and day not in form.errors:
        data[day] = pack.expires_on
    elif pack.expires_on is not None and typed is not None and typed != pack.expires_on:
        message = _("The barcode says %(day)s. Look at the pack again.")
        form.add_error(day, message % {"day": date_format(pack.expires_on, "j M Y")})


def _refuse_long(form: forms.Form, number: str, text: str) -> None:
    if len(text) > LONGEST_NUMBER:
        message = _("A lot number has at most %(most)d characters.")
        form.add_error(number, message % {"most": LONGEST_NUMBER})
