"""Who may do what: four roles (Django groups, a user may have several) and one table of rights.

Reception sees contacts, plans, appointments and alert flags, not mixes or records. Practitioners see everything
clinical. Managers add reports, overview and the access log. Admins keep users and settings, and open no patient file.
"""

import rules
from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    RECEPTION = "reception", _("Reception")
    PRACTITIONER = "practitioner", _("Practitioner")
    MANAGER = "manager", _("Manager")
    ADMIN = "admin", _("Admin")


R, P, M, A = Role.RECEPTION, Role.PRACTITIONER, Role.MANAGER, Role.ADMIN

RIGHTS: dict[str, frozenset[Role]] = {
    "patients.view_patient": frozenset({R, P, M}),
    "patients.change_patient": frozenset({R, P}),
    "patients.change_flag": frozenset({R, P}),
    "patients.change_place": frozenset(Role),  # stables and homes: no patient's name is shown there
    "patients.merge_patient": frozenset({P, M}),
    "patients.export_file": frozenset({M}),  # the whole of it, to hand out
    "patients.import_patients": frozenset({M}),  # a whole file of them, from another program
    "patients.write_consent_text": frozenset({M}),  # what patients and owners sign
    "patients.keep_retention": frozenset({M}),  # how long files are kept, and who is made nobody
    # A reaction is told to whoever is on duty, weeks later: whoever treats may read it, with a reason that is noted.
    "patients.open_restricted": frozenset({P, M}),
    "sessions.view_schedule": frozenset({R, P, M}),
    "sessions.book": frozenset({R, P}),
    "sessions.squeeze_in": frozenset({R, P}),
    "sessions.change_availability": frozenset({R, M, A}),  # absences and closed days: the desk hears of them first
    "sessions.use_outbox": frozenset({R, M}),
    "sessions.prescribe": frozenset({P}),
    "sessions.change_course": frozenset({P}),
    "sessions.hand_over_courses": frozenset({P, M}),  # when somebody leaves
    "sessions.view_record": frozenset({P, M}),
    "sessions.change_record": frozenset({P}),
    "sessions.sign_record": frozenset({P}),
    "sessions.run_recall": frozenset({P, M}),  # names substances and sessions with everybody's phone: not for the desk
    "sessions.view_report": frozenset({P, M}),
    "sessions.view_overview": frozenset({M}),
    "protocols.view_protocol": frozenset({P, M}),
    "protocols.change_protocol": frozenset({P, M}),
    "protocols.view_stock": frozenset({P, M}),
    "protocols.change_stock": frozenset({P, M}),
    "core.view_access_log": frozenset({M}),
    "core.export_lists": frozenset({P, M, A}),  # with the right to see the list: a whole one leaves the house
    "core.change_settings": frozenset({A}),
    "core.change_user": frozenset({A}),
    "core.use_clinic": frozenset(Role),  # every signed-in member of staff: own account, front page
}


def _has_right(right: str) -> rules.predicates.Predicate:
    allowed = RIGHTS[right]

    @rules.predicate(f"may {right}")
    def holds(user) -> bool:
        return bool(user and user.is_active and allowed & user.roles)

    return holds


for _right in RIGHTS:
    rules.add_perm(_right, _has_right(_right))
