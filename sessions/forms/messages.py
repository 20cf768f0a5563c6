"""What to look for in the outbox."""

from django import forms
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.forms import Form
from sessions.models.reminders import ReminderKind, ReminderStatus

ALL = [("", _("All"))]


class OutboxFilter(Form):
    q = forms.CharField(label=_("Name or address"), required=False, max_length=100)
    status = forms.ChoiceField(label=_("State"), required=False, choices=[*ALL, *ReminderStatus.choices])
    kind = forms.ChoiceField(label=_("What"), required=False, choices=[*ALL, *ReminderKind.choices])
    from_on = forms.DateField(label=_("From"), required=False, widget=forms.DateInput)
    until_on = forms.DateField(label=_("Until"), required=False, widget=forms.DateInput)
