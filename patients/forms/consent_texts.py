"""The form of a consent text: what it is about and in which language, and its words."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.countries import countries
from mesoclinic.core.forms import ModelForm
from patients.models import ConsentText

GROUP = ("kind", "language", "country")


class ConsentTextForm(ModelForm):
    """`of` is the text whose next version is written: that has its kind, language and country."""

    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    country = forms.ChoiceField(
        label=_("Country"),
        required=False,
        help_text=_("Off-label words of your own country are asked for before each session there."),
    )

    class Meta:
        model = ConsentText
        fields = (*GROUP, "title", "body", "source")
        labels = {"source": _("Who wrote or checked it")}
        widgets = {"body": forms.Textarea(attrs={"rows": 16}), "source": forms.Textarea(attrs={"rows": 2})}

    def __init__(self, *args: Any, of: ConsentText | None = None, **kwargs: Any) -> None:
        initial = {"title": of.title, "body": of.body, "source": of.source} if of is not None else {}
        super().__init__(*args, initial=initial, **kwargs)
        self.fields["country"].choices = [("", _("Any country")), *countries().items()]
        if of is not None:
            for name in GROUP:
                del self.fields[name]
