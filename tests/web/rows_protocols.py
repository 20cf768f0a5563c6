"""Examples of the protocols' URLs for the rights matrix."""

from mesoclinic.core.roles import Role
from protocols.services import lots
from tests.factories import (
    make_competition_rule,
    make_country_note,
    make_lot,
    make_pair,
    make_protocol_draft,
    make_substance,
    make_technique,
    make_user,
    site_of,
)
from tests.web.rights import Row


def _draft(world):
    return {"public_id": world.one(make_protocol_draft).protocol.public_id}


def _substance(world):
    return {"public_id": world.one(make_substance).public_id}


def _technique(world):
    return {"public_id": world.one(make_technique).public_id}


def _competition_rule(world):
    return {"public_id": world.one(make_competition_rule).public_id}


def _pair(world):
    return {"public_id": world.one(make_pair).public_id}


def _note(world):
    return {"about": "country", "code": world.one(make_country_note).code}


def _lot(world):
    return {"public_id": world.one(make_lot).public_id}


def _open_vial(clinic):
    keeper = make_user(clinic, Role.MANAGER)
    return lots.open_vial(actor=keeper, lot=make_lot(clinic, beyond_use_days=28), site=site_of(clinic))


def _vial(world):
    vial = world.one(_open_vial)
    return {"public_id": vial.lot.public_id, "vial_id": vial.public_id}


ROWS = {
    "protocols:list": Row(),
    "protocols:create": Row(),
    "protocols:upload-import": Row(),
    "protocols:run-import": Row(),
    "protocols:import-template": Row(),
    "protocols:preview-mix": Row(),
    "protocols:detail": Row(_draft),
    "protocols:edit": Row(_draft),
    "protocols:publish": Row(_draft),
    "protocols:next-version": Row(_draft),
    "protocols:discard-draft": Row(_draft),
    "protocols:archive": Row(_draft),
    "protocols:substances": Row(),
    "protocols:create-substance": Row(),
    "protocols:substance": Row(_substance),
    "protocols:edit-substance": Row(_substance),
    "protocols:archive-substance": Row(_substance),
    "protocols:pairs": Row(),
    "protocols:create-pair": Row(),
    "protocols:pair": Row(_pair),
    "protocols:edit-pair": Row(_pair),
    "protocols:archive-pair": Row(_pair),
    "protocols:reship-pair": Row(_pair),
    "protocols:rules": Row(),
    "protocols:create-technique": Row(),
    "protocols:edit-technique": Row(_technique),
    "protocols:archive-technique": Row(_technique),
    "protocols:edit-limit": Row(lambda world: {"code": "max_add_ins"}),
    "protocols:restore-limit": Row(lambda world: {"code": "max_add_ins"}),
    "protocols:create-country-note": Row(),
    "protocols:edit-rule": Row(_note),
    "protocols:restore-rule": Row(_note),
    "protocols:archive-rule": Row(_note),
    "protocols:competition-rules": Row(),
    "protocols:create-competition-rule": Row(),
    "protocols:edit-competition-rule": Row(_competition_rule),
    "protocols:archive-competition-rule": Row(_competition_rule),
    "protocols:stock": Row(),
    "protocols:receive-lot": Row(),
    "protocols:lot": Row(_lot),
    "protocols:change-lot": Row(lambda world: {**_lot(world), "deed": "waste"}),
    "protocols:discard-vial": Row(_vial),
    "protocols:cadence-rows": Row(),
    "sessions:cadence-preview": Row(),
}
