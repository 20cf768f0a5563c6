"""Give a clinic the shipped consent texts."""

from django.db import transaction

from mesoclinic.core.models import Clinic
from patients.models import ConsentText
from protocols.services.catalogue import shipped_catalogue


@transaction.atomic
def load_consent_texts(*, clinic: Clinic) -> int:
    """Add the shipped texts the clinic does not have yet, in every language, and say how many.

    A text is never changed: whoever agreed, agreed to those words. A newer version takes the place of the older ones,
    never of words the clinic wrote itself in that language.
    """
    catalogue = shipped_catalogue()
    texts = ConsentText.objects.filter(clinic=clinic)
    present = set(texts.values_list("kind", "country", "language", "version"))
    own = set(texts.filter(written_by__isnull=False).values_list("kind", "country", "language"))
    added = 0
    for one in catalogue.consent_texts:
        for language, (title, body) in one.words.items():
            group, version = (one.kind, one.country, language), int(one.version)
            if group in own or (*group, version) in present:
                continue
            same = {"clinic": clinic, "kind": one.kind, "country": one.country, "language": language}
            texts.filter(**same, version__lt=version).update(is_current=False)
            source = "; ".join(catalogue.citations(one.sources))
            ConsentText.objects.create(**same, version=version, title=title, body=body, source=source)
            added += 1
    return added
