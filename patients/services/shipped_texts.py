"""Give a clinic the shipped consent texts."""

from django.db import transaction

from mesoclinic.core.models import Clinic
from patients.models import ConsentText
from protocols.services.catalogue import shipped_catalogue


@transaction.atomic
def load_consent_texts(*, clinic: Clinic) -> int:
    """Add the shipped texts the clinic does not have yet, and say how many.

    A text is never changed: whoever agreed, agreed to those words. A newer version takes the place of the older ones,
    never of words the clinic wrote itself.
    """
    catalogue = shipped_catalogue()
    present = set(ConsentText.objects.filter(clinic=clinic, language="en").values_list("kind", "country", "version"))
    written = ConsentText.objects.filter(clinic=clinic, language="en", written_by__isnull=False)
    own = set(written.values_list("kind", "country"))
    shipped = [one for one in catalogue.consent_texts if (one.kind, one.country) not in own]
    new = [one for one in shipped if (one.kind, one.country, int(one.version)) not in present]
    for one in new:
        same = {"clinic": clinic, "kind": one.kind, "country": one.country, "language": "en"}
        ConsentText.objects.filter(**same, version__lt=int(one.version)).update(is_current=False)
        ConsentText.objects.create(
            **same,
            version=int(one.version),
            title=one.title,
            body=one.text,
            source="; ".join(catalogue.citations(one.sources)),
        )
    return len(new)
