"""What somebody fills in who follows the link in a message."""

from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.forms import Form
from sessions.queries.replies import LinkedDay


class OtherTimeForm(Form):
    """Ask for another time: of which visits when there are several, and when would suit."""

    only = forms.MultipleChoiceField(
        label=_("Which ones?"), required=False, widget=forms.CheckboxSelectMultiple, help_text=_("None ticked: all.")
    )
    words = forms.CharField(
        label=_("When would suit you?"),
        required=False,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Days and hours are enough. Please write nothing about your health here."),
    )

    def __init__(self, *args, linked: LinkedDay, names: dict[UUID, str], **kwargs):
        super().__init__(*args, **kwargs)
        several = [(str(line.visit.public_id), names[line.visit.public_id]) for line in linked.to_answer]
        if len(several) > 1:
            self.fields["only"].choices = several
        else:
            del self.fields["only"]

    def asked(self) -> dict:
        """Return the fields as the service takes them."""
        only = [UUID(one) for one in self.cleaned_data.get("only", [])]
        return {"only": only, "words": self.cleaned_data["words"]}
