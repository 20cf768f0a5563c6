"""Make and change the users of a clinic."""

import secrets
from collections.abc import Iterable

from django.conf import settings
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
    _save(user)
    _set_groups(user, roles)
    audit.record(
        actor=actor,
        verb="user.created",
        subject=user,
        clinic=clinic,
        changes=[{"model": "core.user", "id": user.pk, "field": "roles", "old": None, "new": sorted(roles)}],
    )
    return user


@transaction.atomic
def update_user(*, actor: User | None, user: User, roles: Iterable[Role] | None = None, **fields: str) -> User:
    """Change `full_name`, `email` or `language`, and the roles when given; the user name stays.

    Raises Refused("email-taken" | "last-admin").
    """
    unknown = fields.keys() - {"full_name", "email", "language"}
    if unknown:
        raise TypeError(f"a user has no {', '.join(sorted(unknown))} to change here")
    user = _locked(user)
    before = {name: getattr(user, name) for name in fields}
    for name, value in fields.items():
        setattr(user, name, value)
    _save(user, update_fields=list(fields))
    changes = audit.changed(user, before)
    if roles is not None and (wanted := frozenset(Role(role) for role in roles)) != user.roles:
        if Role.ADMIN in user.roles - wanted:
            _keep_an_admin(user, field="roles")
        row = {"model": "core.user", "id": user.pk, "field": "roles"}
        changes.append({**row, "old": sorted(user.roles), "new": sorted(wanted)})
        _set_groups(user, wanted)
    if changes:
        audit.record(actor=actor, verb="user.updated", subject=user, changes=changes)
    return user


@transaction.atomic
def deactivate_user(*, actor: User | None, user: User) -> User:
    """Let a user sign in no more; what the user did keeps the name. Open pages are closed at their next click.

    Raises Refused("last-admin").
    """
    user = _locked(user)
    if user.is_active:
        _keep_an_admin(user)
        user.is_active = False
        user.save(update_fields=["is_active"])
        audit.record(actor=actor, verb="user.deactivated", subject=user)
    return user


@transaction.atomic
def reactivate_user(*, actor: User, user: User) -> User:
    """Let a deactivated user sign in again, with the roles and the password of before."""
    user = _locked(user)
    if not user.is_active:
        user.is_active = True
        user.save(update_fields=["is_active"])
        audit.record(actor=actor, verb="user.reactivated", subject=user)
    return user


@transaction.atomic
def reset_password(*, actor: User, user: User) -> str:
    """Give a user a new temporary password and return it, to be shown once. Signs the user out everywhere."""
    user = _locked(user)
    password = temporary_password()
    user.set_password(password)
    user.save(update_fields=["password"])
    audit.record(actor=actor, verb="user.password-reset", subject=user)
    return password


@transaction.atomic
def choose_language(*, actor: User, language: str) -> None:
    """Keep the language somebody chose for the pages. Raises Refused("unknown-language")."""
    if language not in dict(settings.LANGUAGES):
        raise Refused("unknown-language", _("Choose one of the offered languages."), field="language")
    User.objects.filter(pk=actor.pk).update(language=language)


def temporary_password() -> str:
    """Make a password that can be read out over the telephone: 8 syllables, about 50 bits."""
    syllables = [secrets.choice("bdfgklmnprstvz") + secrets.choice("aeiou") for _number in range(8)]
    return "-".join("".join(syllables[at : at + 2]) for at in range(0, 8, 2))


def _locked(user: User) -> User:
    """Read the user anew under a lock of the clinic, so that two admins cannot take the last right away together."""
    Clinic.objects.select_for_update().get(pk=user.clinic_id)
    return User.objects.get(pk=user.pk)


def _keep_an_admin(user: User, *, field: str | None = None) -> None:
    if not user.is_active or Role.ADMIN not in user.roles:
        return
    others = User.objects.filter(clinic_id=user.clinic_id, is_active=True, groups__name=Role.ADMIN.value)
    if not others.exclude(pk=user.pk).exists():
        message = _("The clinic needs one user who keeps users and settings. Make somebody else admin first.")
        raise Refused("last-admin", message, field=field)


def _set_groups(user: User, roles: Iterable[Role]) -> None:
    user.groups.set([Group.objects.get_or_create(name=Role(role).value)[0] for role in roles])
    user.__dict__.pop("roles", None)


def _save(user: User, *, update_fields: list[str] | None = None) -> None:
    try:
        with transaction.atomic():
            user.save(update_fields=update_fields)
    except IntegrityError as exc:
        if violated(exc) == "user_email_unique":
            raise Refused("email-taken", _("Another user already has this e-mail address."), field="email") from exc
        raise Refused("username-taken", _("This user name is taken. Choose another."), field="username") from exc
