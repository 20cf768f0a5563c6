"""The seal of a printed course: which signatures stood under it, and whether they still hold. It says nothing medical.

The seal is a hash over the hashes of the chain, so it needs no secret and outlives every key of the installation: who
does not know the signatures cannot make one. It vouches for the records, not for what somebody does to the paper.
"""

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from django.conf import settings
from django.urls import reverse

from sessions.models import Course, Signature
from sessions.printing import document
from sessions.queries.signatures import LINK, first_problem

SIGNS = 24  # of the hash: 96 bits
SHORT_HASH = 12
TOKEN = re.compile(rf"([\w-]{{22}})\.([1-9]\d{{0,5}})\.([0-9a-f]{{{SIGNS}}})", re.ASCII)


class ForgedSealError(ValueError):
    """No seal of ours, or one that was cut or changed on the way."""


@dataclass(frozen=True)
class CheckedSeal:
    """What the page behind the QR says. `hashes` are printed on the paper too, so that one can compare."""

    clinic: str
    hashes: tuple[str, ...]
    holds: bool
    has_more: bool


def seal_of(course: Course, signatures: Iterable[Signature]) -> document.Seal | None:
    """Give the seal over the signatures of a course, all there are; None without any. No SQL statement."""
    hashes = [one.sha256 for one in sorted(signatures, key=lambda one: one.sequence)]
    if not hashes:
        return None
    token = f"{_short(course.public_id)}.{len(hashes)}.{_hash(course.public_id, hashes)}"
    address = settings.SITE_ADDRESS.rstrip("/") + reverse("sessions:verify-report", args=[token])
    return document.Seal(address=address, count=len(hashes))


def check_seal(token: str) -> CheckedSeal:
    """Look whether the signatures under a paper are in the chain and unchanged. Raises ForgedSealError.

    At most eleven SQL statements whatever the course.
    """
    course_id, count, seal = _parts(token)
    rows = list(
        Signature.objects.filter(record__course__public_id=course_id)
        .order_by("sequence")
        .values(*LINK, "clinic__name")[: count + 1]
    )
    sealed = rows[:count]
    if len(sealed) < count or _hash(course_id, [row["sha256"] for row in sealed]) != seal:
        raise ForgedSealError
    return CheckedSeal(
        clinic=sealed[0]["clinic__name"],
        hashes=tuple(row["sha256"][:SHORT_HASH] for row in sealed),
        holds=not first_problem(sealed),
        has_more=len(rows) > count,
    )


def _parts(token: str) -> tuple[UUID, int, str]:
    found = TOKEN.fullmatch(token)
    if found is None:
        raise ForgedSealError
    course, count, seal = found.groups()
    try:
        return UUID(bytes=base64.urlsafe_b64decode(course + "==")), int(count), seal
    except (ValueError, binascii.Error) as fault:
        raise ForgedSealError from fault


def _short(public_id: UUID) -> str:
    return base64.urlsafe_b64encode(public_id.bytes).decode().rstrip("=")


def _hash(public_id: UUID, hashes: Iterable[str]) -> str:
    return sha256("\n".join((str(public_id), *hashes)).encode()).hexdigest()[:SIGNS]
