"""Forms about importing patients: the file, and a row of it as if somebody had typed it."""

from django import forms
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.forms import Form, TableField
from mesoclinic.core.models import Clinic
from patients.forms.patients import RegisterForm
from patients.models.imports import DateOrder
from protocols.models import Species

MONTH_FIRST_COUNTRIES = ("US", "PH", "PW", "FM", "MH")


class UploadForm(Form):
    """The file, and what it does not say itself."""

    file = TableField(
        help_text=_("CSV or XLSX with one patient a row and headings on top; 20 MB and 100,000 rows at most.")
    )
    species = forms.ModelChoiceField(
        label=_("Where a row does not say what it is about, it is a"), queryset=Species.objects.all(), empty_label=None
    )
    date_order = forms.ChoiceField(label=_("Dates are written"), choices=DateOrder.choices)

    def __init__(self, *args, clinic: Clinic, **kwargs):
        super().__init__(*args, **kwargs)
        month_first = clinic.country in MONTH_FIRST_COUNTRIES
        self.fields["date_order"].initial = DateOrder.MONTH_FIRST if month_first else DateOrder.DAY_FIRST
        self.fields["species"].initial = Species.objects.first()


class RunForm(Form):
    """Import what is new; what may be here already only when somebody says so."""

    with_likely = forms.BooleanField(required=False, label=_("Import those that may be here already, too"))


class ImportedPatientForm(RegisterForm):
    """The form a patient is registered with, over the cells of a row. Places are named in files, not chosen."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name in ("place", "public_id", "no_allergies"):
            del self.fields[name]
        self.fields["name"].error_messages["required"] = _("There is no name. Fill it in.")

    def _post_clean(self):
        """The fields say all of it here; the database is asked when the patient is registered, not once a row."""

    def clean_food_chain(self):
        return super().clean_food_chain() if "food_chain" in self.fields else ""
