"""The style guide: every piece of a page with made-up content. Only there when DEBUG is on."""

import datetime as dt

from django import forms
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from mesoclinic.core.forms import Form
from mesoclinic.core.navigation import ITEMS
from mesoclinic.core.templatetags.ui import STATUS_LOOKS

DAY = dt.date(2026, 3, 2)


class SampleForm(Form):
    name = forms.CharField(label="Name", help_text="As in the passport.")
    born_on = forms.DateField(label="Birth date", required=False, widget=forms.DateInput)
    weight_kg = forms.DecimalField(label="Weight in kg", required=False)
    species = forms.ChoiceField(label="Species", choices=[("human", "Person"), ("horse", "Horse"), ("dog", "Dog")])
    side = forms.ChoiceField(
        label="Side", choices=[("left", "Left"), ("right", "Right"), ("both", "Both")], widget=forms.RadioSelect
    )
    channels = forms.MultipleChoiceField(
        label="Messages by",
        choices=[("mail", "E-mail"), ("sms", "Text message"), ("phone", "Phone")],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    consent = forms.BooleanField(label="Has agreed to the treatment", required=False)
    notes = forms.CharField(label="Notes", widget=forms.Textarea(attrs={"rows": 3}), required=False)


class PhaseForm(Form):
    count = forms.IntegerField(label="Sessions")
    gap = forms.CharField(label="Every", required=False)
    minutes = forms.IntegerField(label="Minutes", required=False)


PHASES = forms.formset_factory(PhaseForm, can_delete=True, can_order=True, extra=0)


def _phases() -> list[dict]:
    rows = [
        ("4 sessions, weekly", ["fulfilled", "fulfilled", "no_show", "booked"], 7, True),
        ("2 sessions, fortnightly", ["late", "held"], 14, False),
        ("then every 4 to 6 weeks", ["held", "held", "skipped"], 35, False),
    ]
    phases, number, day = [], 0, DAY
    for label, statuses, gap_days, gate in rows:
        sessions = []
        for status in statuses:
            number += 1
            sessions.append({"number": number, "status": status, "label": status, "on": day, "url": "#"})
            day += dt.timedelta(days=gap_days)
        phases.append({"label": label, "sessions": sessions, "gate": gate, "gate_passed": False})
    return phases


@login_not_required
def styleguide(request: HttpRequest) -> HttpResponse:
    wrong = {"name": "", "born_on": "9999-01-01", "weight_kg": "1,500", "species": "cat", "notes": "stays"}
    phases = [{"count": 1, "minutes": 30}, {"count": 3, "gap": "1w", "minutes": 15}]
    patient = {
        "name": "Bella Rossi",
        "url": "#",
        "species_label": "Horse",
        "identifiers": [{"label": "UELN", "value": "250259600123456"}, {"label": "Chip", "value": "250259600123456"}],
        "age": "9 years",
        "sex": "Mare",
        "weight": "540",
        "weight_estimated": True,
        "weighed_on": DAY,
    }
    context = {
        "nav": [{"label": i.label, "url": "#", "icon": i.icon, "active": i.icon == "people"} for i in ITEMS],
        "form": SampleForm(),
        "wrong_form": SampleForm(wrong, auto_id="wrong_%s"),
        "formset": PHASES(initial=phases, prefix="phases"),
        "patient": patient,
        "other_patient": {"name": "Anna Weber", "species_label": "Person", "age": "54 years", "weight": "61"},
        "listed": {"state": "listed", "items": ["Procaine", "Latex"]},
        "none_known": {"state": "none_known", "on": DAY},
        "flags": [{"text": "Kicks when girthed", "kind": "warning", "since": "2024"}, {"text": "FEI", "kind": "info"}],
        "statuses": [(status, status.replace("_", " ").capitalize()) for status in STATUS_LOOKS],
        "phases": _phases(),
        "page": Paginator(range(200), 20).page(2),
        "tabs": [
            {"label": "Story", "url": "#", "active": True},
            {"label": "Courses", "url": "#", "count": 2},
            {"label": "Records", "url": "#", "count": 14},
        ],
        "actions": [
            {"label": "Print", "url": "#", "icon": "printer"},
            {"label": "Book", "url": "#", "icon": "calendar-plus", "primary": True},
        ],
        "head": ["Substance", "Strength", "mL", "mg"],
        "rows": [["Lidocaine", "1 %", "2.0", "20"], ["Pentoxifylline", "20 mg/mL", "1.5", "30"]],
        "crumbs": [{"label": "Patients", "url": "#"}, {"label": "Bella Rossi", "url": "#"}],
    }
    return render(request, "core/styleguide.html", context)
