"""PaperSettings: the size of a clinic's paper and the logo on it."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.constraints import one_of
from mesoclinic.core.models import Clinic


class PaperSize(models.TextChoices):
    USUAL = "", _("As usual in the clinic’s country")
    A4 = "a4", _("A4")
    LETTER = "us-letter", _("Letter")


class PaperSettings(models.Model):
    """`logo` is a PNG or JPEG, told by its content; it lies here so that every web node and every backup has it."""

    Size = PaperSize

    clinic = models.OneToOneField(Clinic, on_delete=models.CASCADE, related_name="paper_settings")
    size = models.CharField(_("size"), max_length=9, choices=PaperSize, blank=True, default=PaperSize.USUAL)
    logo = models.BinaryField(null=True)

    class Meta:
        verbose_name_plural = "paper settings"
        constraints = [one_of("size", PaperSize, name="paper_size_known")]

    def __str__(self) -> str:
        return f"{self.clinic}"
