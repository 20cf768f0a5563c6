"""Every field of every form of every URL, filled with what hurts: a clear refusal that keeps what was typed, or a whole save.

The forms are read from the pages themselves, so a new URL is attacked as soon as it has its row in `rows_*.py`.
"""

from collections.abc import Iterator
from html import unescape

import pytest
import time_machine
from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect
from django.template import engines
from django.test import override_settings
from django.urls import include, path

from mesoclinic.core.forms import Form
from mesoclinic.core.models import Clinic
from tests.sessions.booking_world import NOW
from tests.web.attack import Answer, Stage, Target, crawl, fill, same_forms, send, send_twice, wrong_names
from tests.web.footprints import forget
from tests.web.hostile_values import HIDDEN, NOT_UTF8, SURROGATE, Value, hostile_values
from tests.web.rights import all_rows

pytestmark = pytest.mark.django_db
ROWS = all_rows()
REFUSALS = {200, 400, 403, 404, 405, 409, 422, 429}
BLIND = ("next", "reason", "patient", "practitioner", "place", "on", "name", "slot", "where", "other", "record", "rows")
Changes = dict[str, list[Value]]
TURNS, ROUNDS, SOME = 7, 3, 4


@pytest.fixture(scope="module")
def stage(django_db_setup, django_db_blocker, tmp_path_factory):
    files = override_settings(MEDIA_ROOT=tmp_path_factory.mktemp("media"))
    with files, time_machine.travel(NOW, tick=False), django_db_blocker.unblock(), transaction.atomic():
        forget()
        made = Stage(ROWS)
        yield made
        transaction.set_rollback(True)


def faults_of(stage: Stage, target: Target) -> list[str]:
    """Attack one form: all fields at once with everything, then with all they let pass, then some wrong and some right."""
    let_pass: Changes = {}
    refused: Changes = {}
    found = list(_all_at_once(target, let_pass, refused))
    if not target.form.is_preview:
        found += _all_that_passed(target, let_pass)
        for changes in (*_wrong_beside_right(target, refused), *_one_by_one(stage, target)):
            found += _try(target, changes)
    return list(dict.fromkeys(found))


def _all_at_once(target: Target, let_pass: Changes, refused: Changes) -> Iterator[str]:
    values = {control.name: hostile_values(control) for control in target.typed}
    for turn in range(max(map(len, values.values()), default=0)):
        changes = {name: [all_[(turn + at) % len(all_)]] for at, (name, all_) in enumerate(values.items())}
        answer = send(target.browser, target.action, target.filled(changes))
        yield from judged(target, answer, changes)
        wrong = wrong_names(answer.text, target)
        for name, sent in changes.items():
            kept = refused if name in wrong else let_pass
            kept.setdefault(name, []).extend(sent)


def _all_that_passed(target: Target, let_pass: Changes) -> Iterator[str]:
    """What no field refuses by itself reaches the rules across fields, the services and the database."""
    for turn in range(min(TURNS, max(map(len, let_pass.values()), default=0))):
        changes = {name: [all_[turn % len(all_)]] for name, all_ in let_pass.items()}
        for _round in range(ROUNDS):
            answer = send(target.browser, target.action, target.filled(changes))
            yield from judged(target, answer, changes)
            if answer.fault or target.is_saved(answer):
                break
            wrong = wrong_names(answer.text, target) & changes.keys() or set(list(changes)[: (len(changes) + 1) // 2])
            changes = {name: sent for name, sent in changes.items() if name not in wrong}


def _wrong_beside_right(target: Target, refused: Changes) -> Iterator[Changes]:
    """Of any two fields, each is once wrong or missing while the other is right: rules across fields meet gaps."""
    bad = {one.name: [] if one.is_required else refused.get(one.name, [])[:1] for one in target.typed}
    for bit in range((len(bad) - 1).bit_length() if bad else 0):
        for side in (0, 1):
            yield {name: values for at, (name, values) in enumerate(bad.items()) if at >> bit & 1 == side}


def _one_by_one(stage: Stage, target: Target) -> Iterator[Changes]:
    """Rows of another clinic, what no page sends in its hidden fields, and everything twice."""
    for at, control in enumerate(target.controls):
        values = [] if control in target.typed else hostile_values(control)
        some = [values[(at * SOME + step) % len(values)] for step in range(min(SOME, len(values)))]
        for value in (*some, *stage.choices_of_others(target, control)):
            yield {control.name: [value]}
    names = dict.fromkeys(name for name, _value in target.good)
    if names:
        yield {name: [value for other, value in target.good if other == name] * 2 for name in names}


def _try(target: Target, changes: Changes) -> list[str]:
    return list(judged(target, send(target.browser, target.action, target.filled(changes)), changes))


def judged(target: Target, answer: Answer, changes: Changes) -> Iterator[str]:
    """What is wrong with an answer, in words; nothing when it is whole."""
    told = f"{target.view} {_short(changes)}"
    typed = {control.name for control in target.typed} & changes.keys()
    if answer.fault:
        yield f"{told}: {answer.fault}"
    elif target.is_saved(answer):
        yield from (f"{told}: stored, but {fault}" for fault in answer.left.faults)
    elif target.form.is_preview:
        if answer.left:
            yield f"{told}: a preview changed {sorted(answer.left.changed)}"
    elif answer.is_sent_on:
        if any(any(changes[name]) for name in typed):
            yield f"{told}: refused by leading away; what was typed is lost"
    elif answer.status not in REFUSALS:
        yield f"{told}: answered {answer.status}"
    else:
        yield from _refusal_faults(target, answer, changes, told, typed)


def _refusal_faults(target: Target, answer: Answer, changes: Changes, told: str, typed: set[str]) -> Iterator[str]:
    if answer.left:
        yield f"{told}: refused ({answer.status}), yet changed {answer.left.changed}"
    if answer.text and not target.complaints(answer) and "words" not in answer.text:
        yield f"{told}: refused ({answer.status}) without a word"
    elif typed and target.filled(changes) and not target.is_marked(answer) and not target.asks_back(answer):
        yield f"{told}: refused ({answer.status}), and no field is marked: {_short(sorted(target.complaints(answer)))}"
    if typed and answer.status in (400, 403, 404, 405):
        yield f"{told}: answered {answer.status}; what was typed is lost"
    elif typed and (lost := lost_words(target, answer.text, changes)):
        yield f"{told}: refused, and these are gone: {lost}"


def lost_words(target: Target, html: str, changes: Changes) -> dict[str, str]:
    """What somebody typed or chose that the answered page does not hold any more. Passwords and files are given again;
    a choice that is not offered cannot stay.
    """
    shown: dict[str, set[str]] = {}
    offered: dict[str, set[str]] = {}
    for form in same_forms(html, target):
        for control in form.controls:
            if control.kind in ("select", "tick"):
                offered.setdefault(control.name, set()).update(control.choices)
            if control.is_sent:
                shown.setdefault(control.name, set()).add(_plain(control.value))
    return {
        control.name: _short(sent)
        for control in target.typed
        if control.type not in ("password", "file")
        for value in changes.get(control.name, [given for name, given in target.good if name == control.name])[-1:]
        if (sent := _plain(value)) and sent not in shown.get(control.name, ())
        if control.kind not in ("select", "tick") or sent in offered.get(control.name, ())
    }


def _plain(value: Value) -> str:
    text = value.decode(errors="replace") if isinstance(value, bytes) else value
    return unescape(text).replace("\r\n", "\n").replace("\r", "\n")


def _short(what: object) -> str:
    text = ascii(what)
    return text if len(text) < 160 else f"{text[:80]} … {text[-60:]}"


def blind_faults(stage: Stage, name: str) -> list[str]:
    """Attack a URL that no page has a form for, with the names that forms use elsewhere."""
    found = []
    for value in (*HIDDEN, SURROGATE, NOT_UTF8):
        answer = send(stage.everybody, stage.urls[name], [(field, value) for field in BLIND])
        found += [f"{name} {_short(value)}: {fault}" for fault in (answer.fault, *answer.left.faults) if fault]
    return found


@pytest.mark.parametrize("name", sorted(ROWS))
def test_every_field_of_every_form_withstands_what_hurts(stage, name):
    if name in stage.targets:
        faults = [fault for target in stage.targets[name] for fault in faults_of(stage, target)]
    else:
        faults = blind_faults(stage, name)

    assert faults == []


def test_every_form_is_attacked_from_a_filling_that_would_be_saved(stage):
    forms_sent = [one for targets in stage.targets.values() for one in targets if not one.form.is_preview]
    never_saved = {one.view for one in forms_sent if not one.is_accepted}

    assert len(forms_sent) > 60
    assert never_saved == set()


# Sent twice: a double click, or the back button and once more. What may be there twice, and why.
AUDIT = "core_auditevent"
TWICE = {
    "sessions:make-my-feed": "an address is shown once; the next one takes it back",
    "sessions:make-patient-feed": "an address is shown once; the next one takes it back",
}


def test_a_form_sent_twice_makes_nothing_twice(stage):
    made = {}
    for target in (one for targets in stage.targets.values() for one in targets if not one.form.is_preview):
        response, added = send_twice(target)
        content = {table: count for table, count in added.items() if table != AUDIT and "historical" not in table}
        if response.status_code >= 500 or (content and target.view not in TWICE):
            made[target.view] = (response.status_code, content)

    assert made == {}


# The control: the same attack on views that do what none may do.


class PersonForm(Form):
    name = forms.CharField(max_length=40)
    shots = forms.IntegerField(min_value=1, max_value=5000)
    side = forms.ChoiceField(choices=[("", "–"), ("left", "Left"), ("right", "Right")])


def _answer(request, form, page="{% load i18n %}<form method='post'>{{ form }}<button>Save</button></form>"):
    return HttpResponse(engines["django"].from_string(page).render({"form": form}, request))


def _saving(keep, refuse):
    """A view with one form; `keep` saves it, `refuse` answers what was wrong."""

    def view(request):
        form = PersonForm(request.POST if request.method == "POST" else None)
        if form.is_bound and form.is_valid():
            keep(request, form)
            return redirect("core:settings")
        return refuse(request, form) if form.is_bound else _answer(request, form)

    return view


def _keep(request, form):
    Clinic.objects.filter(pk=request.clinic.pk).update(phone=form.cleaned_data["name"])


def _keep_unasked(request, form):
    Clinic.objects.filter(pk=request.clinic.pk).update(email="nowhere")


def _keep_half(request, form):
    Clinic.objects.filter(pk=request.clinic.pk).update(phone="half")
    return _answer(request, form)


def _show_empty(request, form):
    words = PersonForm(None)
    return _answer(
        request, words, "<p class='field-errors'>Wrong.</p><form method='post'>{{ form }}<button>x</button></form>"
    )


def _show_no_words(request, form):
    return _answer(
        request, form, "<form method='post'>{{ form.name }}{{ form.shots }}{{ form.side }}<button>Save</button></form>"
    )


def _blame_no_field(request, form):
    """All that was typed stays, and what is wrong stands above it all."""
    kept = PersonForm(None, initial=request.POST.dict())
    page = '<p class="notice-danger">Wrong.</p><form method="post">{{ form }}<button>x</button></form>'
    return _answer(request, kept, page)


def _show_first_choice(request, form):
    """What was typed stays, what was chosen does not."""
    data = request.POST.copy()
    data["side"] = ""
    return _answer(request, PersonForm(data))


def _lead_away(request, form):
    messages.error(request, "No.")
    return redirect("core:settings")


def _break(request, form):
    return HttpResponse(str(int(request.POST["shots"])))


CONTROLS = {
    "sound": (_saving(_keep, _answer), ""),
    "breaks": (_saving(_keep, _break), "ValueError"),
    "breaks-later": (_saving(lambda request, form: {"Example": 1}[form.cleaned_data["name"]], _answer), "KeyError"),
    "stores-nonsense": (_saving(_keep_unasked, _answer), "stored, but"),
    "saves-half": (_saving(_keep, _keep_half), "yet changed"),
    "forgets": (_saving(_keep, _show_empty), "are gone"),
    "forgets-choices": (_saving(_keep, _show_first_choice), "are gone: {'side'"),
    "marks-nothing": (_saving(_keep, _blame_no_field), "no field is marked"),
    "says-nothing": (_saving(_keep, _show_no_words), "without a word"),
    "leads-away": (_saving(_keep, _lead_away), "leading away"),
}
urlpatterns = [path("", include("mesoclinic.urls"))]
urlpatterns += [path(f"control/{name}/", view, name=name) for name, (view, _words) in CONTROLS.items()]


@pytest.mark.parametrize("name", CONTROLS)
@pytest.mark.urls(__name__)
def test_the_attack_finds_a_view_that_does_what_none_may(stage, name):
    target = next(crawl(stage.everybody, [f"/control/{name}/"], deep=False))
    fill(target)

    faults = faults_of(stage, target)

    words = CONTROLS[name][1]
    assert target.is_accepted
    assert any(words in fault for fault in faults) if words else faults == []
