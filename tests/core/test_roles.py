"""Who may do what, written out once more: whoever changes a right changes it here too, and says so.

The design in words: reception sees contacts, plans, appointments and alert flags, not mixes or records; practitioners
everything clinical; managers add reports, overview and the access log; admins users and settings, no patient files.
"""

import pytest

from mesoclinic.core.roles import RIGHTS, Role
from tests.factories import make_clinic, make_user

# Reception, practitioner, manager, admin.
TABLE = {
    "patients.view_patient": "R P M -",
    "patients.change_patient": "R P - -",
    "patients.change_flag": "R P - -",
    "patients.change_place": "R P M A",
    "patients.merge_patient": "- P M -",
    "patients.export_file": "- - M -",
    "patients.import_patients": "- - M -",
    "patients.write_consent_text": "- - M -",
    "patients.keep_retention": "- - M -",
    "patients.open_restricted": "- P M -",
    "sessions.view_schedule": "R P M -",
    "sessions.book": "R P - -",
    "sessions.squeeze_in": "R P - -",
    "sessions.change_availability": "R - M A",
    "sessions.use_outbox": "R - M -",
    "sessions.prescribe": "- P - -",
    "sessions.change_course": "- P - -",
    "sessions.hand_over_courses": "- P M -",
    "sessions.view_record": "- P M -",
    "sessions.change_record": "- P - -",
    "sessions.sign_record": "- P - -",
    "sessions.run_recall": "- P M -",
    "sessions.view_report": "- P M -",
    "sessions.view_overview": "- - M -",
    "protocols.view_protocol": "- P M -",
    "protocols.change_protocol": "- P M -",
    "protocols.view_stock": "- P M -",
    "protocols.change_stock": "- P M -",
    "core.view_access_log": "- - M -",
    "core.export_lists": "- P M A",
    "core.change_settings": "- - - A",
    "core.change_user": "- - - A",
    "core.use_clinic": "R P M A",
}
ROLES = dict(zip("RPMA", (Role.RECEPTION, Role.PRACTITIONER, Role.MANAGER, Role.ADMIN), strict=True))


def test_the_table_knows_every_right_and_every_role():
    assert TABLE.keys() == RIGHTS.keys()
    assert set(ROLES.values()) == set(Role)


@pytest.mark.django_db
@pytest.mark.parametrize("letter", ROLES)
def test_a_role_has_exactly_the_rights_of_the_table(letter):
    user = make_user(make_clinic(), ROLES[letter])

    assert {right for right in RIGHTS if user.has_perm(right)} == {
        right for right, roles in TABLE.items() if letter in roles
    }
