"""The link in a message: one person's visits of one local day at one site. Signed, and over when the day is."""

from dataclasses import dataclass
from datetime import date

from django.core.signing import BadSignature, Signer

SALT = "sessions.visit-link"
LONGEST = 200
SIGNATURE_SIGNS = 22  # 132 bits: as hard to guess as ever, and twenty signs less of a text message
CODES = {"party": "c", "patient": "p"}


class ForgedLinkError(ValueError):
    """No link of ours, or one that was cut or changed on the way."""


@dataclass(frozen=True)
class VisitLink:
    """`who` is a contact ("party") or a patient who is told in person; the key is that row's."""

    who: str
    key: int
    site_id: int
    day: date

    def token(self) -> str:
        return _signer().sign(f"{CODES[self.who]}-{self.key:x}-{self.site_id:x}-{self.day:%Y%m%d}")


def read_token(token: str) -> VisitLink:
    """Raises ForgedLinkError."""
    try:
        who, key, site, day = _signer().unsign(token[:LONGEST]).split("-")
        kind = next(kind for kind, code in CODES.items() if code == who)
        return VisitLink(kind, int(key, 16), int(site, 16), date.fromisoformat(day))
    except (BadSignature, ValueError, StopIteration) as fault:
        raise ForgedLinkError from fault


def sample_token(day: date) -> str:
    """Give something as long as a token, for previews; it opens nothing."""
    signed = VisitLink("party", 4711, 1, day).token()
    return signed[:-SIGNATURE_SIGNS] + "0" * SIGNATURE_SIGNS


class ShortSigner(Signer):
    """Keeps the first signs of the signature only: a link in a text message is paid for by the sign."""

    def signature(self, value: str | bytes, key: str | bytes | None = None) -> str:
        return super().signature(value, key)[:SIGNATURE_SIGNS]


def _signer() -> Signer:
    return ShortSigner(salt=SALT, sep=".")
