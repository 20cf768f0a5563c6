"""Find the users and sites of a clinic; a stranger's are not found."""

from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404

from mesoclinic.core.models import Clinic, Site, User
from mesoclinic.core.roles import Role


def user_or_404(clinic: Clinic, public_id: UUID) -> User:
    return get_object_or_404(User, clinic=clinic, public_id=public_id)


def users_of(clinic: Clinic) -> QuerySet[User]:
    """List the users, those who may sign in first. Two SQL statements; `role_words` of each needs none."""
    return User.objects.filter(clinic=clinic).order_by("-is_active", "full_name", "username").prefetch_related("groups")


def role_words(user: User) -> list[str]:
    """Name the roles of a user from `users_of()` in the usual order."""
    names = {group.name for group in user.groups.all()}
    return [str(role.label) for role in Role if role.value in names]


def has_any_user() -> bool:
    """Say whether the installation has been begun. One SQL statement."""
    return User.objects.exists()


def site_or_404(clinic: Clinic, public_id: UUID) -> Site:
    return get_object_or_404(Site, clinic=clinic, public_id=public_id)
