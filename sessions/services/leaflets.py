"""Say what a clinic adds to the leaflet *what to expect*."""

from collections.abc import Mapping

from django.db import transaction

from mesoclinic.core import audit
from mesoclinic.core.checking import check
from mesoclinic.core.models import Clinic, User
from sessions.models import LeafletText


@transaction.atomic
def set_leaflet_texts(*, actor: User | None, clinic: Clinic, texts: Mapping[tuple[str, str], str]) -> None:
    """Keep the texts by reader and language; an empty one is taken off. Raises Refused("not-valid")."""
    Clinic.objects.select_for_update().get(pk=clinic.pk)
    kept = {(one.reader, one.language): one for one in LeafletText.objects.filter(clinic=clinic)}
    changed = []
    for (reader, language), said in texts.items():
        text = "\n".join(line.strip() for line in said.strip().splitlines())
        one = kept.get((reader, language)) or LeafletText(clinic=clinic, reader=reader, language=language)
        if one.text == text:
            continue
        changed.append(f"{reader} {language}")
        if not text:
            one.delete()
            continue
        one.text = text
        check(one, but=["clinic"])
        one.save()
    if changed:
        said = ", ".join(changed)
        audit.record(actor=actor, verb="clinic.leaflet-text-set", subject=clinic, clinic=clinic, reason=said)
