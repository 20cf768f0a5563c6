"""What most tables share: a public id for URLs, and the clinic that owns the row."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _


class Identified(models.Model):
    """A row that may be named in a URL: by `public_id`, never by its key."""

    public_id = models.UUIDField(_("public id"), default=uuid.uuid4, unique=True, editable=False)

    class Meta:
        abstract = True


class ClinicOwned(Identified):
    """A row that belongs to one clinic and is invisible to every other."""

    clinic = models.ForeignKey("core.Clinic", on_delete=models.PROTECT, related_name="+", verbose_name=_("clinic"))

    class Meta:
        abstract = True
