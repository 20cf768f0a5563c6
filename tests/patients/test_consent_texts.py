"""The words a clinic asks consent to: written by itself, in versions, and never changed under whoever agreed."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from mesoclinic.core.models import AuditEvent
from mesoclinic.core.refused import Refused
from mesoclinic.core.roles import Role
from patients.models import ConsentText
from patients.queries import consents as reads
from patients.services import consents
from patients.services.consent_texts import write_consent_text
from patients.services.shipped_texts import load_consent_texts
from tests.factories import make_clinic, make_patient, make_user
from tests.shared import shared

pytestmark = pytest.mark.django_db
WORDS = {"kind": "general", "country": "", "language": "fr", "title": "Consentement", "body": "J’accepte."}


@shared
def clinic():
    return make_clinic(country="FR")


@shared
def manager(clinic):
    return make_user(clinic, Role.MANAGER)


@pytest.fixture
def browser(manager):
    browser = Client()
    browser.force_login(manager)
    return browser


def write(manager, **changes) -> ConsentText:
    return write_consent_text(actor=manager, clinic=manager.clinic, **{**WORDS, **changes})


def in_use(clinic) -> set[tuple[str, str, int]]:
    return {(text.language, text.country, text.version) for text in reads.texts_in_use(clinic)}


def test_a_new_version_takes_the_place_of_the_one_before_and_of_no_other(clinic, manager):
    write(manager)
    write(manager, country="FR")
    write(manager, language="en")

    text = write(manager, body="J’accepte le traitement.")

    assert (text.version, text.written_by) == (2, manager)
    assert in_use(clinic) == {("fr", "", 2), ("fr", "FR", 1), ("en", "", 1)}
    assert AuditEvent.objects.filter(verb="consent-text.written").count() == 4


def test_who_agreed_agreed_to_the_words_before(clinic, manager):
    first = write(manager)
    consent = consents.give_consent(
        actor=manager, patient=make_patient(clinic), text=first, given_by_name="Ann", given_as="patient"
    )

    write(manager, body="Autre chose.")

    consent.refresh_from_db()
    assert (consent.text.version, consent.text.body) == (1, "J’accepte.")
    assert reads.has_consent(consent.patient, consent.given_on)


def test_the_same_words_sent_twice_are_one_version(manager):
    assert write(manager) == write(manager, title=" Consentement ")
    assert ConsentText.objects.filter(language="fr").count() == 1


def test_shipped_texts_never_take_the_place_of_the_clinics_own(clinic, manager):
    """A lawyer has read those, and none of ours."""
    ConsentText.objects.filter(clinic=clinic).delete()
    own = write(manager, language="en")

    load_consent_texts(clinic=clinic)

    general = ConsentText.objects.filter(clinic=clinic, kind="general", language="en", country="")
    assert list(general) == [own]
    assert general.get().is_current
    assert ConsentText.objects.filter(clinic=clinic, kind="sedation").exists()


def test_a_clinic_from_before_gets_the_french_texts_and_what_it_has_stays_as_it_is(clinic, manager):
    load_consent_texts(clinic=clinic)
    texts = ConsentText.objects.filter(clinic=clinic)
    texts.filter(language="fr").delete()
    texts.filter(language="en", kind="photo").update(body="As it was shipped.")
    own = write(manager)
    before = list(texts.order_by("pk").values())

    added = load_consent_texts(clinic=clinic)
    again = load_consent_texts(clinic=clinic)

    assert list(texts.filter(pk__in=[row["id"] for row in before]).order_by("pk").values()) == before
    english, french = (
        {(one.kind, one.country) for one in texts.filter(language=spoken, is_current=True)} for spoken in ("en", "fr")
    )
    assert english == french
    assert (added, again) == (len(english) - 1, 0)
    assert list(texts.filter(language="fr", kind="general")) == [own]


@pytest.mark.parametrize("way", ["sign-consent", "give-consent"])
@pytest.mark.parametrize("spoken", ["fr", "en"])
def test_the_words_in_the_patients_language_are_offered_first_and_each_names_its_own(clinic, way, spoken):
    load_consent_texts(clinic=clinic)
    desk = Client()
    desk.force_login(make_user(clinic, Role.RECEPTION))
    patient = make_patient(clinic, language=spoken)

    html = desk.get(reverse(f"patients:{way}", args=[patient.public_id])).content.decode()

    offered = re.findall(r"version 1, (?:in )?(English|français)", html)
    first = {"en": "English", "fr": "français"}[spoken]
    assert len(offered) == 12
    assert set(offered[:6]) == {first}
    assert first not in offered[6:]


@pytest.mark.parametrize(("field", "value"), [("title", " "), ("body", "\n"), ("kind", "x"), ("title", "x" * 201)])
def test_what_is_no_text_is_refused_at_its_field(manager, field, value):
    with pytest.raises(Refused) as refused:
        write(manager, **{field: value})

    assert refused.value.field == field
    assert not ConsentText.objects.filter(language="fr").exists()


def test_a_text_is_written_and_renewed_on_its_pages_and_offered_to_be_signed(clinic, browser):
    browser.post(reverse("patients:write-consent-text"), WORDS)
    text = ConsentText.objects.get(clinic=clinic, language="fr")
    page = browser.get(reverse("patients:renew-consent-text", args=[text.public_id])).content.decode()
    answer = browser.post(
        reverse("patients:renew-consent-text", args=[text.public_id]),
        {"title": "Consentement éclairé", "body": "J’accepte tout.", "kind": "photo"},
        follow=True,
    )

    assert "J’accepte." in page
    html = answer.content.decode()
    assert html.index("Consentement éclairé") < html.index("Versions before")
    new = ConsentText.objects.get(clinic=clinic, language="fr", is_current=True)
    assert (new.kind, new.version, new.body) == ("general", 2, "J’accepte tout.")
    desk = Client()
    desk.force_login(make_user(clinic, Role.RECEPTION))
    sign = desk.get(reverse("patients:sign-consent", args=[make_patient(clinic).public_id])).content.decode()
    assert "Consentement éclairé" in sign


def test_what_is_missing_is_said_and_everything_typed_is_kept(clinic, browser):
    answer = browser.post(reverse("patients:write-consent-text"), {**WORDS, "title": "x" * 201, "country": "ZZ"})

    html = answer.content.decode()
    assert "J’accepte." in html
    assert html.count('class="field-errors"') >= 2
    assert not ConsentText.objects.filter(clinic=clinic, language="fr").exists()


def test_only_managers_write_consent_texts(clinic):
    for role in (Role.RECEPTION, Role.PRACTITIONER):
        other = Client()
        other.force_login(make_user(clinic, role))
        assert other.get(reverse("patients:consent-texts")).status_code == 403
