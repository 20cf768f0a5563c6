"""Make and change the users of a clinic."""

from collections.abc import Iterable

from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from mesoclinic.core import audit
from mesoclinic.core.constraints import violated
from mesoclinic.core.models import Clinic, User
from mesoclinic.core.refused import Refused
from mesoclinic.core.roles import Role


@transaction.atomic
def create_user(
    *,
    actor: User | None,
    clinic: Clinic,
    username: str,
    full_name: str,
    roles: Iterable[Role],
    password: str | None,
    email: str = "",
    language: str = "",
) -> User:
    """Make a user of the clinic. Without a password the user cannot sign in until one is set.

    Raises Refused("username-taken" | "email-taken").
    """
    if User.objects.filter(username__iexact=username).exists():
        raise Refused("username-taken", _("This user name is taken. Choose another."), field="username")
    user = User(clinic=clinic, username=username, full_name=full_name, email=email, language=language)
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError as exc:
        if violated(exc) == "user_email_unique":
            raise Refused("email-taken", _("Another user already has this e-mail address."), field="email") from exc
        raise Refused("username-taken", _("This user name is taken. Choose another."), field="username") from exc
    user.groups.set([Group.objects.get_or_create(name=Role(role).value)[0] for role in roles])
    audit.record(
        actor=actor,
        verb="user.created",
        subject=user,
        clinic=clinic,
        changes=[{"model": "core.user", "id": user.pk, "field": "roles", "old": None, "new": sorted(roles)}],
    )
    return user
