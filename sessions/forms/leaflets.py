"""What a clinic adds to the leaflet *what to expect*: a text for each kind of reader and language."""

from collections.abc import Mapping

from django import forms
from django.conf import settings
from django.forms import BoundField

from mesoclinic.core.forms import Form
from sessions.models.leaflets import LONGEST_TEXT, LeafletReader

PLACES = [(reader.value, language) for reader in LeafletReader for language, _name in settings.LANGUAGES]


class LeafletTextsForm(Form):
    def __init__(self, *args, texts: Mapping[tuple[str, str], str], **kwargs):
        kept = {self.name_of(*place): text for place, text in texts.items()}
        super().__init__(*args, initial=kept, **kwargs)
        names = dict(settings.LANGUAGES)
        for reader, language in PLACES:
            text = forms.CharField(
                label=names[language],
                required=False,
                max_length=LONGEST_TEXT,
                widget=forms.Textarea(attrs={"rows": 5, "lang": language}),
            )
            self.add_field(self.name_of(reader, language), text)

    @staticmethod
    def name_of(reader: str, language: str) -> str:
        return f"{reader}_{language}"

    @property
    def groups(self) -> list[tuple[str, list[tuple[str, str, BoundField]]]]:
        """The fields by reader, each with its reader and language."""
        return [
            (
                str(reader.label),
                [(of, language, self[self.name_of(of, language)]) for of, language in PLACES if of == reader.value],
            )
            for reader in LeafletReader
        ]

    @property
    def texts(self) -> dict[tuple[str, str], str]:
        """What was typed, by reader and language."""
        return {place: self.cleaned_data[self.name_of(*place)] for place in PLACES}
