"""Is it still you? Asked before something is signed: the password, a code from the telephone, or a passkey."""

import struct
import time
from typing import Any

from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.internal.flows.reauthentication import reauthenticate_by_password
from allauth.core import ratelimit
from allauth.mfa.base.forms import ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.forms import ReauthenticateWebAuthnForm
from django import forms
from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.forms import Form

PROOFS = ("password", "code", "credential")
LONGEST_CREDENTIAL = 20_000


class IdentityForm(Form):
    """Asks for any one of the proofs the user has; for none when one was given a moment ago (`SIGN_AGAIN_MINUTES`).

    `is_same_person` is called last, when all else on the form is right: a code counts only once.
    """

    nothing_done = _("Nothing was signed.")
    passkey_words = _("Sign with your passkey")

    password = forms.CharField(
        label=_("Your password"),
        strip=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    code = forms.CharField(
        label=_("The code on your telephone"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )
    credential = forms.CharField(required=False, max_length=LONGEST_CREDENTIAL, widget=forms.HiddenInput)

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request
        self.is_trusted = proved_lately(request)
        kinds = set() if self.is_trusted else kinds_of(request.user)
        ways = set() if self.is_trusted else ways_of(request.user, kinds)
        for name in PROOFS:
            if name not in ways:
                del self.fields[name]
            elif len(ways) > 1:
                self.fields[name].required = False
        if "code" in ways:
            self.fields["code"].label = _code_words(kinds, is_other="password" in ways)

    @property
    def proofs(self) -> list[forms.BoundField]:
        """What can be typed as proof."""
        return [self[name] for name in PROOFS if name in self.fields and not self[name].is_hidden]

    @property
    def rest(self) -> list[forms.BoundField]:
        """What the form asks beside the proof."""
        return [field for field in self if field.name not in PROOFS]

    @property
    def was_asked(self) -> bool:
        """Whether what was sent comes from a page that asked who signs, and not from a list of ticks."""
        return self.is_bound and bool({*PROOFS, "identity"} & self.data.keys())

    def is_same_person(self) -> bool:
        """Check the proof, ten times a minute at most. Says on the form what is wrong; nothing typed is lost."""
        if self.is_trusted:
            return True
        given = next((name for name in reversed(PROOFS) if self.cleaned_data.get(name)), None)
        if given is None:
            self._say(PROOFS[0], gettext("Prove that it is you, in one of the ways."))
        elif not ratelimit.consume(self.request, action="reauthenticate", user=self.request.user):
            self._say(given, gettext("Too many tries. Wait a minute."))
        elif getattr(self, f"_is_right_{given}")(self.cleaned_data[given]):
            return True
        return False

    def _is_right_password(self, password: str) -> bool:
        if not self.request.user.check_password(password):
            self._say("password", f"{gettext('This is not your password.')} {self.nothing_done}")
            return False
        reauthenticate_by_password(self.request)
        return True

    def _is_right_code(self, code: str) -> bool:
        form = ReauthenticateForm({"code": code}, user=self.request.user)
        if not form.is_valid():
            words = gettext("This code does not hold, or was used already. Wait for the next.")
            self._say("code", f"{words} {self.nothing_done}")
            return False
        form.save()
        return True

    def _is_right_credential(self, credential: str) -> bool:
        form = ReauthenticateWebAuthnForm({"credential": credential}, user=self.request.user)
        if not _holds(form):
            words = gettext("The passkey was not recognised. Try again, or use your password.")
            self._say(None, f"{words} {self.nothing_done}")
            return False
        form.save()
        return True

    def _say(self, name: str | None, words: str) -> None:
        self.add_error(name if name in self.fields and not self[name].is_hidden else None, words)


def kinds_of(user) -> set[str]:
    """Say which second factors a user has. One SQL statement."""
    return set(Authenticator.objects.filter(user=user).values_list("type", flat=True))


def _code_words(kinds: set[str], *, is_other: bool) -> str:
    """Name the codes somebody has: a telephone that was never set up has none."""
    if Authenticator.Type.TOTP in kinds:
        return gettext("Or the code on your telephone") if is_other else gettext("The code on your telephone")
    return gettext("Or one of your recovery codes") if is_other else gettext("One of your recovery codes")


def ways_of(user, kinds: set[str]) -> set[str]:
    """Say by what a user with these second factors can prove to be still the same: names of fields."""
    ways = {"password"} if user.has_usable_password() else set()
    if kinds - {Authenticator.Type.WEBAUTHN}:
        ways.add("code")
    if Authenticator.Type.WEBAUTHN in kinds:
        ways.add("credential")
    return ways


def proved_lately(request: HttpRequest) -> bool:
    """Whether the user signed in, or proved it, less than `SIGN_AGAIN_MINUTES` ago. No SQL statement."""
    proofs = get_authentication_records(request, request.user)
    return bool(proofs) and time.time() - proofs[-1]["at"] < settings.SIGN_AGAIN_MINUTES * 60


def _holds(form: ReauthenticateWebAuthnForm) -> bool:
    """Whether a passkey's answer is right. What no browser would send breaks the library that reads it."""
    try:
        return form.is_valid()
    except (ValueError, TypeError, AttributeError, LookupError, struct.error):
        return False
