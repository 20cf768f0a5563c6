"""The filters above the list of courses to print, and what is said of a report that is handed out."""

from datetime import date

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.forms import Form
from mesoclinic.core.models import Clinic
from mesoclinic.core.wording import date_format
from protocols.models import Protocol
from sessions.models import Practitioner
from sessions.models.courses import STATUS_CHOICES, CourseStatus
from sessions.models.handouts import Basis, ReportVariant


class CourseFilter(Form):
    q = forms.CharField(label=_("Patient or course number"), max_length=100, required=False)
    status = forms.ChoiceField(label=_("State"), required=False)
    practitioner = forms.ModelChoiceField(
        Practitioner.objects.none(), label=_("Lead practitioner"), required=False, to_field_name="public_id"
    )
    protocol = forms.ModelChoiceField(
        Protocol.objects.none(), label=_("Protocol"), required=False, to_field_name="public_id"
    )
    from_on = forms.DateField(label=_("Started from"), required=False)
    until_on = forms.DateField(label=_("until"), required=False)

    def __init__(self, *args, clinic: Clinic, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["status"].choices = [("", _("All")), *STATUS_CHOICES]
        self.fields["practitioner"].queryset = Practitioner.objects.filter(clinic=clinic)
        self.fields["practitioner"].empty_label = _("All")
        self.fields["protocol"].queryset = Protocol.objects.filter(clinic=clinic)
        self.fields["protocol"].empty_label = _("All")

    def clean(self):
        values = super().clean()
        first, last = values.get("from_on"), values.get("until_on")
        if first and last and last < first:
            self.add_error("until_on", _("The last day is before the first."))
        return values

    def in_words(self) -> str:
        """Say what was chosen, as "Patient or course number: Ann · State: Completed"; empty when nothing was."""
        said = (
            f"{self.fields[name].label}: {self._word(name, value)}"
            for name, value in getattr(self, "cleaned_data", {}).items()
            if value
        )
        return " · ".join(said)

    def _word(self, name: str, value: object) -> str:
        if name == "status":
            return str(CourseStatus(value).label)
        return date_format(value, "j M Y") if isinstance(value, date) else str(value)


class SheetForm(Form):
    language = forms.ChoiceField(label=_("Language of the paper"), choices=settings.LANGUAGES)
    recipient = forms.CharField(label=_("Given to"), max_length=200, help_text=_("The name stands on the paper."))
    purpose = forms.CharField(label=_("What for"), max_length=300)
    basis = forms.ChoiceField(label=_("On what basis"), choices=Basis)


class HandOutForm(SheetForm):
    variant = forms.ChoiceField(label=_("Kind of report"), choices=ReportVariant)

    field_order = ["variant"]
