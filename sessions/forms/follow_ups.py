"""The form of a follow-up: what was answered."""

from django import forms
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.forms import Form
from sessions.models.follow_ups import FollowUpAnswer


class FollowUpForm(Form):
    answer = forms.ChoiceField(label=_("Answer"), choices=FollowUpAnswer.choices)
    note = forms.CharField(label=_("Note"), required=False, max_length=500)
