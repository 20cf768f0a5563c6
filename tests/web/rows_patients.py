"""Examples of the URLs of patients, and of the patient's page, for the rights matrix."""

from mesoclinic.core.roles import Role
from patients.models import Consent, ConsentText, Flag, Identifier, Merge, Patient, PatientImport, PatientParty
from patients.services import consents, flags, identifiers, imports, merging
from tests.factories import PDF_SCAN, make_horse, make_import, make_patient, make_user
from tests.web.rights import Row, World


def _horse(world: World) -> dict:
    return {"public_id": world.one(make_horse).public_id}


def _link(world: World) -> dict:
    return {**_horse(world), "link_id": PatientParty.objects.filter(patient=world.one(make_horse)).earliest("pk").pk}


def _make_identifier(clinic) -> Identifier:
    return identifiers.add_identifier(actor=None, patient=make_patient(clinic), scheme="other", value="A1")


def _make_flag(clinic) -> Flag:
    return flags.add_flag(actor=None, patient=make_patient(clinic), kind="heart")


def _make_consent(clinic) -> Consent:
    text = ConsentText.objects.create(clinic=clinic, kind="general", version=99, title="Treatment", body="…")
    return consents.give_consent(
        actor=None, patient=make_patient(clinic), text=text, given_by_name="Ann", given_as="patient"
    )


def _make_merge(clinic) -> Merge:
    return merging.merge_patient(actor=None, patient=make_patient(clinic), into=make_patient(clinic))


def _make_other_horse(clinic) -> Patient:
    return make_horse(clinic)


def _make_done_import(clinic) -> PatientImport:
    one = make_import(clinic)
    imports.run_import(actor=make_user(clinic, Role.MANAGER), one=one)
    imports.go_on(one.pk)
    return one


def _of(world: World, make, key: str, field: str) -> dict:
    """The keywords of a row that hangs on its own patient."""
    row = world.one(make)
    return {"public_id": row.patient.public_id, key: getattr(row, field)}


def _consent_form(world: World) -> dict:
    return {**_horse(world), "text_id": world.one(_make_consent).text.public_id}


def _scan(world: World) -> dict:
    consent = world.one(_make_consent)
    scan = consent.scans.first() or consents.add_scan(actor=None, consent=consent, content=PDF_SCAN)
    return {"public_id": consent.patient.public_id, "scan_id": scan.public_id}


ROWS: dict[str, Row] = {
    "sessions:patient": Row(_horse),
    "patients:list": Row(),
    "patients:search": Row(query={"q": "horse"}),
    "patients:duplicates": Row(query={"name": "Horse 1"}),
    "patients:register": Row(),
    "patients:register-species": Row(lambda world: {"species": world.one(make_horse).species.code}),
    "patients:find-parties": Row(query={"name": "own"}),
    **{
        f"patients:{name}": Row(_horse)
        for name in (
            *("edit", "record-weight", "set-allergies", "end", "reopen", "merge", "add-party", "transfer-ownership"),
            *(
                "add-identifier",
                "add-flag",
                "give-consent",
                "sign-consent",
                "tell-files-apart",
                "undo-tell-files-apart",
            ),
        )
    },
    "patients:edit-party": Row(_link),
    "patients:end-party": Row(_link),
    "patients:end-identifier": Row(lambda world: _of(world, _make_identifier, "identifier_id", "pk")),
    "patients:end-flag": Row(lambda world: _of(world, _make_flag, "flag_id", "public_id")),
    "patients:withdraw-consent": Row(lambda world: _of(world, _make_consent, "consent_id", "public_id")),
    "patients:add-scan": Row(lambda world: _of(world, _make_consent, "consent_id", "public_id")),
    "patients:read-scan": Row(_scan),
    "sessions:consent-paper": Row(lambda world: _of(world, _make_consent, "consent_id", "public_id")),
    "sessions:consent-form": Row(_consent_form),
    "patients:consent-texts": Row(),
    "patients:write-consent-text": Row(),
    "patients:renew-consent-text": Row(lambda world: {"public_id": world.one(_make_consent).text.public_id}),
    "patients:imports": Row(),
    "patients:upload-import": Row(),
    "patients:import-template": Row(),
    "patients:import-ends": Row(lambda world: {"public_id": world.one(_make_done_import).public_id}),
    **{
        f"patients:{name}": Row(lambda world: {"public_id": world.one(make_import).public_id})
        for name in (
            *("import", "import-state", "run-import", "cancel-import", "import-faults"),
            "take-back-import",
        )
    },
    **{
        f"patients:{name}": Row(lambda world: {"public_id": world.one(make_import).public_id, "position": 2})
        for name in ("tell-row-apart", "undo-tell-row-apart")
    },
    **{
        f"patients:{name}": Row(lambda world: {**_horse(world), "other_id": world.one(_make_other_horse).public_id})
        for name in ("tell-files-apart", "undo-tell-files-apart")
    },
    "patients:undo-merge": Row(lambda world: {"merge_id": world.one(_make_merge).public_id}),
}
