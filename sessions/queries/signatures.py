"""Walk a clinic's chain of signatures: every hash, every link, and every row behind it."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Exists, OuterRef

from mesoclinic.core.models import Clinic
from sessions import canonical
from sessions.models import Addendum, SessionRecord, Signature, SignatureHead

CHUNK = 1000
LINK = (
    *("sequence", "record_id", "addendum_id", "format", "canonical_text", "previous_sha256", "sha256"),
    *("signed_by_id", "signed_at"),
)


@dataclass(frozen=True)
class Broken:
    """The first link that does not hold. `record` is the public id of its record, empty when the chain's end is cut."""

    sequence: int
    record: str
    problem: str


@dataclass(frozen=True)
class Verified:
    """How many links were walked, and the first broken one, if any."""

    count: int
    broken: Broken | None = None


def verify_chain(clinic: Clinic) -> Verified:
    """Walk the chain from its beginning. Four SQL statements, and at most nine for each thousand links."""
    previous, count = "", 0
    for chunk in _chunks(clinic):
        found = _first_broken(chunk, previous, count)
        if found is not None:
            return Verified(found.sequence - 1, found)
        previous, count = chunk[-1]["sha256"], count + len(chunk)
    return Verified(count, _broken_end(clinic, previous, count))


def first_problem(links: list[dict]) -> str:
    """Look at some links only: each text's hash, and the rows behind it; empty when all hold. At most eight SQL statements."""
    rows = _texts_of_rows(links)
    problems = (_problem(link, link["previous_sha256"], rows) for link in links)
    return next((problem for problem in problems if problem), "")


def _chunks(clinic: Clinic) -> Iterator[list[dict]]:
    after = 0
    while True:
        rows = Signature.objects.filter(clinic=clinic, sequence__gt=after).order_by("sequence")
        chunk = list(rows.values(*LINK)[:CHUNK])
        if not chunk:
            return
        yield chunk
        after = chunk[-1]["sequence"]


def _first_broken(chunk: list[dict], previous: str, count: int) -> Broken | None:
    rows = _texts_of_rows(chunk)
    for link in chunk:
        count += 1
        if link["sequence"] != count:
            return Broken(count, "", f"signature {count} is missing")
        problem = _problem(link, previous, rows)
        if problem:
            return Broken(count, _public_id(link["record_id"]), problem)
        previous = link["sha256"]
    return None


def _problem(link: dict, previous: str, rows: dict) -> str:
    if link["previous_sha256"] != previous:
        return "does not follow the signature before it"
    if canonical.sha256_of(previous, link["canonical_text"]) != link["sha256"]:
        return "the signed text was changed"
    if link["format"] not in canonical.RECORD_READERS:
        return f"format {link['format']} is not known to this version"
    now = rows.get((link["record_id"], link["addendum_id"]))
    if now is None:
        return "what was signed is gone"
    if now != link["canonical_text"]:
        return "the rows differ from what was signed"
    if not canonical.names_signer(now, by_id=link["signed_by_id"], at=link["signed_at"]):
        return "the signature names another signer or time than the signed text"
    return ""


def _texts_of_rows(chunk: list[dict]) -> dict[tuple[int, int | None], str]:
    """Write each link's text anew from the rows, by its own format's reader."""
    texts: dict[tuple[int, int | None], str] = {}
    for form, read in canonical.RECORD_READERS.items():
        keys = [link["record_id"] for link in chunk if link["format"] == form and link["addendum_id"] is None]
        if keys:
            texts |= {(key, None): text for key, text in read(keys).items()}
    for form, read in canonical.ADDENDUM_READERS.items():
        record_of = {
            link["addendum_id"]: link["record_id"]
            for link in chunk
            if link["format"] == form and link["addendum_id"] is not None
        }
        if record_of:
            texts |= {(record_of[key], key): text for key, text in read(record_of).items()}
    return texts


def _broken_end(clinic: Clinic, previous: str, count: int) -> Broken | None:
    """The head remembers how long the chain is, so that links cut off its end are missed; what has no link is found too."""
    head = SignatureHead.objects.filter(clinic=clinic).values("sequence", "sha256").first()
    if head is None:
        head = {"sequence": 0, "sha256": ""}
    if head["sequence"] != count or head["sha256"] != previous:
        return Broken(count + 1, "", "the chain ends elsewhere than the last signing left it")
    own = Signature.objects.filter(record=OuterRef("pk"), addendum__isnull=True)
    lost = SessionRecord.objects.filter(~Exists(own), clinic=clinic, status="signed").order_by("pk").first()
    if lost is not None:
        return Broken(count + 1, str(lost.public_id), "the record is signed outside the chain")
    added = Addendum.objects.filter(record__clinic=clinic, signature__isnull=True).select_related("record")
    stray = added.order_by("pk").first()
    if stray is not None:
        return Broken(count + 1, str(stray.record.public_id), "something was added outside the chain")
    return None


def _public_id(record_id: int) -> str:
    row = SessionRecord.objects.filter(pk=record_id).values_list("public_id", flat=True).first()
    return str(row) if row else f"number {record_id}"
