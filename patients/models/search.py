"""SearchWord: every folded word a patient may be found by, so that typing finds one among 100,000 on any database."""

from django.db import models

from mesoclinic.core.constraints import one_of
from mesoclinic.core.models import Clinic

from .patients import Patient


class WordKind(models.IntegerChoices):
    """What a word is, best first: the order of equally good hits."""

    NAME = 1, "name"
    NUMBER = 2, "number"
    IDENTIFIER = 3, "identifier"
    BIRTH = 4, "birth date"
    PHONE = 5, "phone"
    PARTY = 6, "party"
    SOUND = 7, "how a word of the name sounds"


class SearchWord(models.Model):
    """One word of one patient, kept by `services.searching`. Bytes, because bytes sort alike under every collation.

    A sound begins with a sign that no typed word begins with, so that only who looks for likely twins finds it.
    """

    Kind = WordKind

    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="search_words", db_index=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.CASCADE, related_name="+", db_index=False)
    word = models.BinaryField(max_length=64)
    kind = models.PositiveSmallIntegerField(choices=WordKind)

    class Meta:
        indexes = [models.Index(fields=["clinic", "word", "patient", "kind"], name="search_word_by_clinic")]
        constraints = [
            models.UniqueConstraint(fields=["patient", "word"], name="search_word_once"),
            one_of("kind", WordKind, name="search_word_kind_known"),
        ]

    def __str__(self) -> str:
        return bytes(self.word).decode(errors="replace")
