"""User: a member of staff of one clinic."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.roles import Role

from .base import Identified
from .clinics import Clinic


class User(Identified, AbstractUser):
    clinic = models.ForeignKey(
        Clinic, on_delete=models.PROTECT, null=True, blank=True, related_name="users", verbose_name=_("clinic")
    )
    full_name = models.CharField(_("full name"), max_length=200, blank=True)
    language = models.CharField(_("language"), max_length=10, blank=True)
    last_seen_at = models.DateTimeField(null=True, blank=True, editable=False)
    first_name = None
    last_name = None

    class Meta:
        ordering = ["username"]
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                condition=~Q(email=""),
                name="user_email_unique",
                violation_error_message=_("Another user already has this e-mail address."),
            ),
        ]

    def __str__(self) -> str:
        return self.full_name or self.username

    def get_full_name(self) -> str:
        return str(self)

    def get_short_name(self) -> str:
        return str(self)

    @cached_property
    def roles(self) -> frozenset[Role]:
        """The roles this user has. One SQL statement, once."""
        return frozenset(Role(name) for name in self.groups.values_list("name", flat=True) if name in Role.values)
