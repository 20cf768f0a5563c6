"""What the mix check said when a record was decided on stays said: the clinic's later rules are for later mixes."""

from decimal import Decimal

import pytest

from protocols.services import mix_rules
from sessions.models import Signature
from sessions.queries import records as reads
from sessions.queries.signatures import verify_chain
from sessions.recording import SiteTreated
from tests.sessions.record_world import done, record_world, signed

pytestmark = pytest.mark.django_db
FEW = (SiteTreated("Neck", "left", points=4, volume_per_point_ml=Decimal("0.2")),)
STRICTER = {"shots.low": Decimal(40), "min_age_years": Decimal(90)}
SOURCE = "House rule 4"


def words_of(record) -> dict[str, str]:
    return {finding["rule"]: finding["text"] for finding in record.findings}


def test_what_is_signed_keeps_its_findings_when_the_clinic_changes_its_numbers():
    world = record_world()
    record = signed(world, sites=FEW)
    content, said, text = reads.content(record), record.findings, Signature.objects.get(record=record).canonical_text

    for code, value in STRICTER.items():
        mix_rules.change_limit(actor=None, clinic=world.clinic, code=code, value=value, source=SOURCE)

    record = reads.records(world.clinic).get(pk=record.pk)
    later = done(world, 2, sites=FEW)
    assert (reads.content(record), record.findings) == (content, said)
    assert Signature.objects.get(record=record).canonical_text == text
    assert verify_chain(world.clinic).broken is None
    assert words_of(record)["shots.unusual"] == "4 shots are outside the usual 8 to 300."
    assert words_of(later)["shots.unusual"] == "4 shots are outside the usual 40 to 300."
    assert words_of(later).keys() - words_of(record).keys() == {"patient.young"}
