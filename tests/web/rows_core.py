"""Examples of the core's URLs for the rights matrix."""

from tests.factories import make_user, site_of
from tests.web.rights import Row, World


def another_user(world: World) -> dict:
    return {"public_id": world.one(make_user).public_id}


def a_site(world: World) -> dict:
    return {"public_id": world.one(site_of).public_id}


ROWS: dict[str, Row] = {
    "core:account": Row(),
    "core:ask-passkey": Row(),
    "core:settings": Row(),
    "core:clinic": Row(),
    "core:tolerances": Row(),
    "core:create-site": Row(),
    "core:edit-site": Row(a_site),
    "core:switch-site": Row(a_site),
    "core:users": Row(),
    "core:create-user": Row(),
    "core:edit-user": Row(another_user),
    "core:deactivate-user": Row(another_user),
    "core:reactivate-user": Row(another_user),
    "core:reset-password": Row(another_user),
}
