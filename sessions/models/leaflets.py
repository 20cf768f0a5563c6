"""LeafletText: what a clinic adds in its own words to the leaflet *what to expect*."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.constraints import one_of
from mesoclinic.core.models import Clinic

LONGEST_TEXT = 1500


class LeafletReader(models.TextChoices):
    PEOPLE = "people", _("Leaflets for people")
    ANIMALS = "animals", _("Leaflets for animals")


class LeafletText(models.Model):
    """Printed below the shipped sentences of that language; nothing is added where there is no row."""

    Reader = LeafletReader

    clinic = models.ForeignKey(Clinic, on_delete=models.CASCADE, related_name="leaflet_texts")
    reader = models.CharField(_("which leaflets"), max_length=7, choices=LeafletReader)
    language = models.CharField(_("language"), max_length=10)
    text = models.TextField(_("text"), max_length=LONGEST_TEXT)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["clinic", "reader", "language"], name="leaflet_text_once"),
            one_of("reader", LeafletReader, name="leaflet_text_reader_known"),
            models.CheckConstraint(
                condition=~Q(text=""),
                name="leaflet_text_not_empty",
                violation_error_message=_("A text of your own says something."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reader} ({self.language})"
