"""What rows of the shipped catalogue share: a code, a source, and the digest of what was shipped."""

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.models import ClinicOwned


class Shipped(ClinicOwned):
    """A row the clinic may edit. `shipped_digest` is of the data file's entry the row was last loaded from.

    Loading again updates a row only while it still equals what was shipped (`is_edited` is false).
    """

    code = models.SlugField(_("code"), max_length=60)
    name = models.CharField(_("name"), max_length=200)
    source = models.TextField(_("source"), max_length=2000, blank=True)
    shipped_digest = models.CharField(max_length=64, blank=True, editable=False)
    is_edited = models.BooleanField(_("changed by the clinic"), default=False, editable=False)
    is_archived = models.BooleanField(_("no longer offered"), default=False)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        """A shipped name in the reader's language; the clinic's own stays as it was typed."""
        return gettext(self.name) if self.name else ""


def code_unique(name: str) -> models.UniqueConstraint:
    return models.UniqueConstraint(
        fields=["clinic", "code"], name=name, violation_error_message=_("This code is already taken.")
    )
