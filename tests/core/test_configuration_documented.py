"""Every variable the program reads is in the README's table and no other; `docker compose` hands on what docs/running.md names."""

import re
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)
READ_IN = ("mesoclinic/settings/base.py", "mesoclinic/settings/prod.py", "mesoclinic/gunicorn.py")
READ = re.compile(r'(?:env\.\w+|environ\.get)\(\s*"([A-Z_]+)"')
NAMED = re.compile(r"`([A-Z][A-Z_]+)`")
# Which settings are taken is told by the variable Django itself reads; the tests read three more.
READ_ELSEWHERE = {"DJANGO_SETTINGS_MODULE", "TEST_DATABASE_URL", "TEST_REDIS_URL", "CHROMIUM"}
OF_THE_IMAGE = {"MESOCLINIC_DATA_DIR", "STATIC_ROOT"}


def table(name: str) -> set[str]:
    """The variables in the first column of the table that begins with *variable*."""
    rows = (ROOT / name).read_text().split("| variable |")[1].split("\n\n")[0].splitlines()
    return {one for row in rows if row.startswith("| `") for one in NAMED.findall(row.split("|")[1])}


def test_the_readme_lists_every_variable_that_is_read_and_no_other():
    read = {name for path in READ_IN for name in READ.findall((ROOT / path).read_text())}

    assert table("README.md") == read | READ_ELSEWHERE


def test_compose_hands_on_every_variable_of_production():
    handed = set(re.findall(r"^    ([A-Z_]+): ", (ROOT / "compose.yaml").read_text(), re.MULTILINE))

    assert table("docs/running.md") <= handed | OF_THE_IMAGE
    assert handed >= {"SECRET_KEY", "DATABASE_URL", "REDIS_URL", "REDIS_CACHE_URL"}
