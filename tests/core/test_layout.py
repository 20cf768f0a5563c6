"""The top of the tree is as the product's owner asked for; what stands beside it is only what the tools need."""

import tomllib
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


def test_the_contract_of_the_pure_engines_names_every_one_of_the_map_of_the_code():
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
    (named,) = (one["source_modules"] for one in tools["importlinter"]["contracts"] if "pure" in one["name"])
    checked = {name.removesuffix(".py").replace("/", ".") for name in tools["mypy"]["files"]}

    assert set(named) == checked | {"protocols.catalogue"}
    assert "cadence.py, dosing/ and catalogue/ are pure" in (ROOT / "README.md").read_text()
