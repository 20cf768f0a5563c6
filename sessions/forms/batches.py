"""How many reports are printed at once: as one PDF or as a zip, and in which language."""

from django import forms
from django.conf import settings
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.forms import Form
from sessions.models.batches import BatchKind


class AskBatchForm(Form):
    kind = forms.ChoiceField(
        label=pgettext_lazy("form of a file", "As"),
        choices=BatchKind.choices,
        initial=BatchKind.PDF,
        widget=forms.RadioSelect,
    )
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES, initial=get_language)
