"""A passkey without a device: registered for a user, it answers questions as a browser would send its answers."""

import json
from hashlib import sha256
from secrets import token_bytes

from allauth.mfa.models import Authenticator
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import Aaguid, AttestationObject, AttestedCredentialData, AuthenticatorData, CollectedClientData

HOST = "testserver"
PRESENT, VERIFIED, WITH_CREDENTIAL = 0x01, 0x04, 0x40


class Passkey:
    def __init__(self, user) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._id = token_bytes(16)
        data = AttestedCredentialData.create(Aaguid.NONE, self._id, ES256.from_cryptography_key(self._key.public_key()))
        about = AuthenticatorData.create(_site(), PRESENT | VERIFIED | WITH_CREDENTIAL, 0, data)
        response = {
            "clientDataJSON": websafe_encode(self._said("webauthn.create", token_bytes(32))),
            "attestationObject": websafe_encode(AttestationObject.create("none", about, {})),
        }
        stored = {"name": "Key", "credential": self._as_sent(response)}
        Authenticator.objects.create(user=user, type=Authenticator.Type.WEBAUTHN, data=stored)

    def answer(self, question: dict) -> str:
        """What the browser puts into the form for the question the page asked."""
        said = self._said("webauthn.get", question["publicKey"]["challenge"])
        about = AuthenticatorData.create(_site(), PRESENT | VERIFIED, 1)
        signature = self._key.sign(about + sha256(said).digest(), ec.ECDSA(hashes.SHA256()))
        parts = {"clientDataJSON": said, "authenticatorData": about, "signature": signature}
        return json.dumps(self._as_sent({name: websafe_encode(part) for name, part in parts.items()}))

    def _as_sent(self, response: dict) -> dict:
        name = websafe_encode(self._id)
        return {"id": name, "rawId": name, "type": "public-key", "response": response, "clientExtensionResults": {}}

    @staticmethod
    def _said(kind: str, challenge) -> bytes:
        return bytes(CollectedClientData.create(kind, challenge, f"https://{HOST}"))


def _site() -> bytes:
    return sha256(HOST.encode()).digest()
