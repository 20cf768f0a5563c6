"""The top of the tree is as the product's owner asked for; what stands beside it is only what the tools need."""

from pathlib import Path

from django.apps import apps

ROOT = Path(__file__).resolve().parents[2]


def test_the_top_level_holds_what_was_asked_for_and_no_other_package():
    asked = ("manage.py", "mesoclinic", "patients", "sessions", "protocols", "templates", "tests")

    assert [name for name in (*asked, "requirements.txt", "README.md") if not (ROOT / name).exists()] == []
    packages = {init.parent.name for init in ROOT.glob("*/__init__.py")}
    assert packages == {"mesoclinic", "patients", "sessions", "protocols", "tests"}


def test_the_app_of_sessions_leaves_its_label_to_those_of_signing_in():
    assert apps.get_app_config("treatment_sessions").name == "sessions"
    assert apps.get_app_config("sessions").name == "django.contrib.sessions"
