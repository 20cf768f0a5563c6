"""Who signs is asked again: by password, by a code from the telephone, or by a passkey; and nothing typed is lost."""

import json

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret, hotp_value, yield_hotp_counters_from_time
from django.test import Client
from django.urls import reverse

from sessions.models import Signature
from tests.factories import PASSWORD, make_user
from tests.passkeys import Passkey
from tests.sessions.booking_world import at
from tests.sessions.record_world import done, record_world, signed
from tests.shared import shared

pytestmark = pytest.mark.django_db


@shared
def world():
    with time_machine.travel(at("10:15"), tick=False):
        yield record_world()


@pytest.fixture
def browser(world):
    browser = Client()
    browser.force_login(world.doctor_user)
    return browser


def sign(browser, *rows, **proof):
    sent = {"record": [str(row.public_id) for row in rows], "identity": "asked", **proof}
    return browser.post(reverse("sessions:records-sign"), sent)


def telephone_of(user) -> str:
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    return secret


def code_now(secret: str) -> str:
    return f"{hotp_value(secret, next(iter(yield_hotp_counters_from_time()))):06}"


def test_a_code_from_the_telephone_signs_once(world, browser):
    code = code_now(telephone_of(world.doctor_user))
    first, second = done(world, 1), done(world, 2)

    accepted = sign(browser, first, code=code)
    again = sign(browser, second, code=code)

    assert accepted.status_code == 302
    assert again.status_code == 200
    assert Signature.objects.count() == 1


def test_a_passkey_signs_when_it_answers_the_question_asked(world, browser):
    passkey = Passkey(world.doctor_user)
    first, second = done(world, 1), done(world, 2)
    question = browser.post(reverse("core:ask-passkey")).json()["request_options"]
    answer = passkey.answer(question)

    accepted = sign(browser, first, credential=answer)
    again = sign(browser, second, credential=answer)

    assert accepted.status_code == 302
    assert again.status_code == 200, "an answer counts once"
    assert Signature.objects.count() == 1


def test_the_passkey_of_somebody_else_signs_nothing(world, browser):
    Passkey(world.doctor_user)
    foreign = Passkey(make_user(world.clinic))
    record = done(world)
    question = browser.post(reverse("core:ask-passkey")).json()["request_options"]

    answer = sign(browser, record, credential=foreign.answer(question))

    assert "was not recognised" in answer.content.decode()
    assert not Signature.objects.exists()


GARBAGE = ["x", "[]", "5", "null", "{}", '{"rawId": "AA", "response": {}}', '{"id": "AA", "response": 1}']
HALF = json.dumps({"rawId": "AA", "response": {"clientDataJSON": "AA", "authenticatorData": "AA", "signature": "AA"}})


@pytest.mark.parametrize("credential", [*GARBAGE, HALF])
def test_what_no_passkey_would_answer_is_refused_in_words(world, browser, credential):
    Passkey(world.doctor_user)
    record = done(world)
    browser.post(reverse("core:ask-passkey"))

    answer = sign(browser, record, credential=credential)

    assert answer.status_code == 200
    assert "was not recognised" in answer.content.decode()
    assert not Signature.objects.exists()


@pytest.mark.parametrize("proof", [{}, {"password": "wrong"}, {"code": "000000"}, {"credential": "{}"}])
def test_without_proof_nothing_is_signed_and_the_ticks_stay(world, browser, proof):
    telephone_of(world.doctor_user)
    Passkey(world.doctor_user)
    ticked, other = done(world, 1), done(world, 2)

    html = sign(browser, ticked, **proof).content.decode()

    assert f'value="{ticked.public_id}"\n                                       checked' in html
    assert f'value="{other.public_id}"\n                                       checked' not in html
    assert not Signature.objects.exists()


def test_what_is_refused_is_said_also_when_nothing_is_left_to_sign(world, browser):
    record = done(world, 1)
    sign(browser, record, password=PASSWORD)

    page = sign(browser, record, password="mistyped").content.decode()

    assert "data-error-summary" in page
    assert Signature.objects.count() == 1


def test_a_code_is_worth_nothing_to_who_has_no_telephone_registered(world, browser):
    record = done(world)

    sign(browser, record, code="123456")

    assert not Signature.objects.exists()


def test_the_words_of_an_addendum_survive_a_wrong_code(world, browser):
    telephone_of(world.doctor_user)
    record = signed(world)
    words = {"kind": "addendum", "text": "Slept well after it", "reason": "Told on the telephone", "code": "000000"}

    html = browser.post(reverse("sessions:addendum", args=[record.public_id]), words).content.decode()

    assert "Slept well after it" in html
    assert "Told on the telephone" in html
    assert not record.addenda.exists()


def test_an_addendum_is_signed_with_a_code(world, browser):
    secret = telephone_of(world.doctor_user)
    record = signed(world)
    words = {"kind": "addendum", "text": "Slept well", "reason": "Told later", "code": code_now(secret)}

    browser.post(reverse("sessions:addendum", args=[record.public_id]), words)

    assert record.addenda.get().text == "Slept well"


def sign_in(user) -> Client:
    browser = Client()
    browser.post(reverse("account_login"), {"login": user.get_username(), "password": PASSWORD})
    return browser


def test_who_proved_it_a_moment_ago_is_not_asked_again_where_the_clinic_says_so(world, settings):
    settings.SIGN_AGAIN_MINUTES = 5
    first, second = done(world, 1), done(world, 2)
    browser = sign_in(world.doctor_user)

    page = browser.get(reverse("sessions:records-unsigned")).content.decode()
    at_once = sign(browser, first)
    with time_machine.travel(at("10:21"), tick=False):
        later = sign(browser, second)

    assert 'name="password"' not in page
    assert at_once.status_code == 302
    assert 'name="password"' in later.content.decode()
    assert Signature.objects.count() == 1


def test_every_signing_asks_unless_the_clinic_says_otherwise(world):
    record = done(world)
    browser = sign_in(world.doctor_user)

    sign(browser, record)

    assert not Signature.objects.exists()


def test_a_proof_is_good_for_the_next_signing_of_the_same_minutes(world, settings, browser):
    settings.SIGN_AGAIN_MINUTES = 5
    first, second = done(world, 1), done(world, 2)

    sign(browser, first, password=PASSWORD)
    sign(browser, second)

    assert Signature.objects.count() == 2


def test_a_passkey_is_offered_only_to_who_has_one(world, browser):
    done(world)
    before = browser.get(reverse("sessions:records-unsigned")).content.decode()

    Passkey(world.doctor_user)

    after = browser.get(reverse("sessions:records-unsigned")).content.decode()
    assert "data-passkey" not in before
    assert "data-passkey" in after
    assert Authenticator.objects.filter(user=world.doctor_user).count() == 1


def test_who_has_recovery_codes_only_is_not_asked_for_a_telephone(world, browser):
    Authenticator.objects.create(user=world.doctor_user, type=Authenticator.Type.RECOVERY_CODES, data={"seed": "x"})
    done(world)
    address = reverse("sessions:records-unsigned")

    without = browser.get(address).content.decode()
    telephone_of(world.doctor_user)
    with_it = browser.get(address).content.decode()

    assert "Or one of your recovery codes" in without
    assert "telephone" not in without
    assert "Or the code on your telephone" in with_it
