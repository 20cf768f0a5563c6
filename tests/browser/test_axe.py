"""Axe on every page: each URL of the rights matrix that answers with a page, in light and in dark."""

from importlib import import_module
from pathlib import Path

import pytest

from mesoclinic.core.roles import RIGHTS, Role
from tests.web import rights
from tests.web.rights import World, all_views

pytestmark = pytest.mark.once  # long, and the same on both engines
GROUPS = sorted(path.stem for path in Path(rights.__file__).parent.glob("rows_*.py"))
ROLES = (Role.PRACTITIONER, Role.RECEPTION, Role.MANAGER, Role.ADMIN)


def role_for(right: str) -> Role:
    """The role that sees most of a page."""
    return next(role for role in ROLES if role in RIGHTS[right])


@pytest.mark.parametrize("group", GROUPS)
def test_axe_finds_nothing_on_any_page(look, group):
    rows, views = import_module(f"tests.web.{group}").ROWS, all_views()
    world = World()
    lookers = {}
    found: list[str] = []

    for name, row in rows.items():
        role = role_for(views[name].right)
        if role not in lookers:
            lookers[role] = look(world.users[role])
            # A URL that only takes a POST says so with a 405, in the console too.
            lookers[role].expect_fault("405|409")
        found += violations_of(lookers[role], name, row.address(name, world))

    assert not found, "\n".join(found)


def violations_of(looker, name: str, address: str) -> list[str]:
    """Look at a page in light, with all rules, and in dark, where only the colours differ."""
    head = looker.context.request.get(address, max_redirects=0)
    if head.status != 200 or "text/html" not in head.headers["content-type"] or "<html" not in head.text():
        return []
    looker.go(address)
    found = [f"{name} | {fault}" for fault in looker.violations()]
    looker.see(f"axe-{name.replace(':', '-')}")
    looker.turn("dark")
    found += [f"{name} in dark | {fault}" for fault in looker.violations("color-contrast")]
    looker.turn("light")
    return found


def test_axe_finds_nothing_where_nobody_is_signed_in(look):
    looker = look()
    looker.expect_fault("404")
    found = []
    for address in ("/accounts/login/", "/accounts/password/reset/", "/nowhere/"):
        looker.go(address)
        found += [f"{address} | {fault}" for fault in looker.violations()]

    assert not found, "\n".join(found)


def test_axe_finds_nothing_on_the_accounts_own_pages(look):
    looker = look(World().users[Role.PRACTITIONER])
    found = []
    for address in ("/accounts/password/change/", "/accounts/2fa/", "/accounts/sessions/", "/accounts/logout/"):
        looker.go(address)
        found += [f"{address} | {fault}" for fault in looker.violations()]

    assert not found, "\n".join(found)
