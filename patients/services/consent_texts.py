"""The words a clinic asks consent to: never changed, as whoever agreed, agreed to those; a new version takes their place."""

from django.db import transaction
from django.db.models import Max

from mesoclinic.core import audit
from mesoclinic.core.checking import check
from mesoclinic.core.models import Clinic, User
from patients.models import ConsentText


@transaction.atomic
def write_consent_text(
    *, actor: User, clinic: Clinic, kind: str, country: str, language: str, title: str, body: str, source: str = ""
) -> ConsentText:
    """Write the clinic's own words; those in use of the same kind, country and language are offered no more.

    The same words sent twice are one version. Raises Refused("not-valid").
    """
    Clinic.objects.select_for_update(no_key=True).get(pk=clinic.pk)
    group = {"clinic": clinic, "kind": kind, "country": country, "language": language}
    words = {"title": " ".join(title.split()), "body": body.strip(), "source": source.strip()}
    same = ConsentText.objects.filter(**group)
    if (present := same.filter(is_current=True, **words).first()) is not None:
        return present
    version = (same.aggregate(last=Max("version"))["last"] or 0) + 1
    text = ConsentText(**group, **words, version=version, written_by=actor)
    check(text, but=["clinic", "written_by"])
    same.filter(is_current=True).update(is_current=False)
    text.save()
    audit.record(actor=actor, verb="consent-text.written", subject=text)
    return text
