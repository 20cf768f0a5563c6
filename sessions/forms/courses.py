"""Forms of the prescription and of the plan page."""

from typing import Any
from uuid import uuid4

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.forms import Form
from mesoclinic.core.models import Clinic, Site
from mesoclinic.core.wording import date_format
from patients.models import Patient
from protocols.models import Indication
from sessions.models import Practitioner
from sessions.models.courses import STATUS_CHOICES, BodySide, ReviewDecision
from sessions.queries import availability
from sessions.queries.prescriptions import indications_for

from .choices import PublicChoice

COMBINED = [
    ("chiropractic", _("Chiropractic")),
    ("acupuncture", _("Acupuncture")),
    ("diet", _("Diet")),
    ("hormones", _("Hormones")),
    ("hydration", _("Hydration")),
    ("physiotherapy", _("Physiotherapy")),
]


class PrescribeForm(Form):
    """What a course is for, who leads it, where and from when; the series has its own form beside this one."""

    indication = PublicChoice(Indication.objects.none(), label=_("Indication"))
    side = forms.ChoiceField(label=_("Side"), choices=[("", _("Not stated")), *BodySide.choices[:-1]], required=False)
    complaint = forms.CharField(
        label=_("In your own words"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    tried_before = forms.CharField(
        label=_("Tried before"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    combined = forms.MultipleChoiceField(
        label=_("Combined with"), choices=COMBINED, required=False, widget=forms.CheckboxSelectMultiple
    )
    combined_other = forms.CharField(label=_("And with"), max_length=500, required=False)
    lead_practitioner = PublicChoice(Practitioner.objects.none(), label=_("Lead practitioner"), empty_label=None)
    site = PublicChoice(Site.objects.none(), label=_("Where"), empty_label=None)
    start_on = forms.DateField(label=_("First session on"))
    override_reason = forms.CharField(
        label=_("Why this mix all the same"),
        max_length=500,
        required=False,
        help_text=_("Kept with your name and printed on the report."),
    )
    token = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)

    def __init__(self, *args, patient: Patient, begins_now: bool = False, **kwargs):
        super().__init__(*args, **kwargs)
        clinic = patient.clinic
        self.fields["indication"].queryset = indications_for(patient)
        self.fields["lead_practitioner"].queryset = availability.practitioners(
            clinic, species=patient.species
        ).distinct()
        self.fields["site"].queryset = Site.objects.filter(clinic=clinic, is_active=True)
        if begins_now:
            del self.fields["start_on"]

    def asked(self) -> dict[str, Any]:
        """Give the cleaned values as `prescribe_course` takes them."""
        values = dict(self.cleaned_data)
        labels = dict(COMBINED)
        combined = [str(labels[code]) for code in values.pop("combined")]
        values["combined_with"] = ", ".join(filter(None, [*combined, values.pop("combined_other").strip()]))
        return values


class ReasonForm(Form):
    """An action that says why."""

    reason = forms.CharField(label=_("Why"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}))


class SkipForm(ReasonForm):
    reason = forms.CharField(label=_("Why"), max_length=300)


class RestartForm(ReasonForm):
    start_on = forms.DateField(label=_("Begin again on"))
    field_order = ["start_on", "reason"]


class ExtendForm(ReasonForm):
    """Some more sessions, or maintenance without end: one of the two."""

    sessions = forms.IntegerField(
        label=_("More sessions"),
        required=False,
        min_value=1,
        max_value=99,
        help_text=_("At the last gap of the series."),
    )
    maintenance = forms.CharField(
        label=_("Or maintenance, every"),
        required=False,
        max_length=20,
        help_text=_("Like 4w, or 4-6w for every 4 to 6 weeks. Goes on without end."),
    )
    field_order = ["sessions", "maintenance", "reason"]

    def clean(self):
        cleaned = super().clean()
        if not self.errors and bool(cleaned.get("sessions")) == bool(cleaned.get("maintenance")):
            self.add_error("sessions", _("Choose one of the two: a number of sessions, or maintenance."))
        return cleaned

    def asked(self) -> dict[str, Any]:
        return {**self.cleaned_data, "sessions": self.cleaned_data["sessions"] or 0}


class WithVisits(Form):
    """The visits still to come of a course; those ticked are called off."""

    visits = forms.MultipleChoiceField(
        label=_("Cancel these visits too"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args, visits=(), **kwargs):
        super().__init__(*args, **kwargs)
        self.known = {str(visit.public_id): visit for visit in visits}
        self.fields["visits"].choices = [(code, visit_words(visit)) for code, visit in self.known.items()]
        self.fields["visits"].initial = list(self.known)
        if not self.known:
            del self.fields["visits"]

    @property
    def chosen(self) -> list:
        return [self.known[code] for code in self.cleaned_data.get("visits", [])]


class StopForm(WithVisits, ReasonForm):
    field_order = ["reason", "visits"]


def visit_words(visit) -> str:
    when = date_format(timezone.localtime(visit.starts_at, visit.site.zone), "D j M Y, H:i")
    return f"{when} · {visit.practitioner}"


class ReviewForm(WithVisits):
    """What follows from the scores; the visits matter only for a stop."""

    decision = forms.ChoiceField(label=_("Decision"), choices=ReviewDecision, widget=forms.RadioSelect)
    note = forms.CharField(label=_("Note"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 2}))
    field_order = ["decision", "note", "visits"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "visits" in self.fields:
            self.fields["visits"].label = _("If the course stops, cancel these visits too")

    def asked(self) -> dict[str, Any]:
        names = ("decision", "note")
        return {**{name: self.cleaned_data[name] for name in names}, "cancel": self.chosen}


class CoursesFilter(Form):
    """What the list of courses shows; what cannot be read counts as not said."""

    status = forms.ChoiceField(
        label=_("Status"), choices=[("open", _("Going on")), ("", _("All")), *STATUS_CHOICES], required=False
    )
    practitioner = PublicChoice(
        Practitioner.objects.none(), label=_("Lead practitioner"), required=False, empty_label=_("Everybody")
    )

    def __init__(self, *args, clinic: Clinic, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["practitioner"].queryset = availability.practitioners(clinic)
