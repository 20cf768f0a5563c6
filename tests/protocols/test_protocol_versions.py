"""Protocols: a draft changes, a published version never does, the next version begins as its copy."""

from dataclasses import replace
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from mesoclinic.core.models import AuditEvent
from mesoclinic.core.refused import Refused
from protocols.models import Indication, Protocol, ProtocolVersion, Substance
from protocols.queries import protocols as queries
from protocols.queries.techniques import techniques
from protocols.services import protocols
from protocols.services.catalogue import load_catalogue
from protocols.services.protocols import DraftLine, ProtocolDraft, draft_of
from tests.factories import (
    make_clinic,
    make_protocol_draft,
    make_protocol_version,
    make_species,
    make_substance,
    make_user,
)
from tests.shared import shared

pytestmark = pytest.mark.django_db


@shared
def clinic():
    return make_clinic()


def refusal(code: str):
    return pytest.raises(Refused, check=lambda refused: refused.code == code)


def save(version, draft, *, edit_count=None, **fields):
    count = version.edit_count if edit_count is None else edit_count
    return protocols.save_draft(actor=None, version=version, edit_count=count, draft=draft, **fields)


def test_a_new_protocol_begins_as_a_draft_of_version_one(clinic):
    version = make_protocol_draft(clinic, name="Néck  pain", cadence="D0 D7 D14")

    assert (version.number, version.status, version.cadence) == (1, "draft", "1x, 1x7d, 1x7d")
    assert (version.protocol.name, version.protocol.code) == ("Néck pain", "neck-pain")
    assert AuditEvent.objects.filter(clinic=clinic, verb="protocol.created").count() == 1


def test_two_protocols_of_one_name_get_two_codes(clinic):
    codes = [make_protocol_draft(clinic, name="Calm").protocol.code for _ in range(3)]

    assert codes == ["calm", "calm-2", "calm-3"]


def test_saving_a_draft_replaces_its_lines_in_their_order(clinic):
    version = make_protocol_draft(clinic)
    first, second = make_substance(clinic), make_substance(clinic)

    save(
        version,
        replace(draft_of(version), lines=(DraftLine(second, "base"), DraftLine(first, "add_in", Decimal("1.5")))),
    )

    lines = list(ProtocolVersion.objects.get(pk=version.pk).lines.order_by("position"))
    assert [(line.position, line.substance, line.volume_ml) for line in lines] == [
        (1, second, None),
        (2, first, Decimal("1.5")),
    ]


def test_the_second_of_two_people_is_told_and_nothing_is_overwritten(clinic):
    version = make_protocol_draft(clinic, summary="As it was")
    save(version, replace(draft_of(version), summary="The first"))

    with refusal("edited-meanwhile"):
        save(version, replace(draft_of(version), summary="The second"), edit_count=version.edit_count)

    version.refresh_from_db()
    assert version.summary == "The first"


def test_a_published_version_is_refused_by_the_service_and_by_the_database(clinic):
    version = make_protocol_version(clinic)

    with refusal("frozen"):
        save(version, draft_of(version))
    with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
        ProtocolVersion.objects.filter(pk=version.pk).update(summary="Changed")
    with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
        version.lines.all().delete()


def test_publishing_twice_does_no_harm(clinic):
    version = make_protocol_version(clinic)

    again = protocols.publish_version(actor=None, version=version)

    assert again.published_at == version.published_at
    assert AuditEvent.objects.filter(verb="protocol.published", subject_id=version.pk).count() == 1


def test_publishing_what_somebody_else_changed_meanwhile_is_refused(clinic):
    version = make_protocol_draft(clinic)
    save(version, draft_of(version))

    with refusal("edited-meanwhile"):
        protocols.publish_version(actor=None, version=version, edit_count=version.edit_count)


def test_an_empty_mix_cannot_be_published_unless_the_technique_is_dry(clinic):
    load_catalogue(clinic=clinic)
    empty = make_protocol_draft(clinic, lines=())
    dry = techniques(clinic).filter(needs_mix=False).first()

    with refusal("nothing-to-inject"):
        protocols.publish_version(actor=None, version=empty)
    save(empty, replace(draft_of(empty), technique=dry))
    assert protocols.publish_version(actor=None, version=empty).is_published


def test_a_withdrawn_substance_cannot_be_published(clinic):
    load_catalogue(clinic=clinic)
    buflomedil = Substance.objects.get(clinic=clinic, code="buflomedil")
    version = make_protocol_draft(clinic, lines=[DraftLine(buflomedil, "vasodilator", Decimal(2))])

    with refusal("substance-withdrawn"):
        protocols.publish_version(actor=None, version=version)


def test_the_next_version_begins_as_a_copy_and_starting_twice_gives_the_same(clinic):
    user = make_user(clinic)
    first = make_protocol_version(clinic, cadence="4x1w@20", species=["horse"], summary="Words")

    second = protocols.start_next_version(actor=user, protocol=first.protocol)
    again = protocols.start_next_version(actor=user, protocol=first.protocol)

    assert again == second
    assert (second.number, second.status, second.created_by) == (2, "draft", user)
    assert draft_of(second) == draft_of(first)


def test_throwing_a_draft_away_leaves_the_published_version(clinic):
    first = make_protocol_version(clinic)
    second = protocols.start_next_version(actor=None, protocol=first.protocol)

    protocols.discard_draft(actor=None, version=second)

    assert list(first.protocol.versions.all()) == [first]
    with refusal("frozen"):
        protocols.discard_draft(actor=None, version=first)
    with refusal("only-version"):
        protocols.discard_draft(actor=None, version=make_protocol_draft(clinic))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"cadence": "4xx"}, "cadence"),
        ({"cadence": "4x1w" + " " * 1000}, "cadence"),
        ({"depth_min_mm": Decimal(6), "depth_max_mm": Decimal(2)}, "not-valid"),
        ({"depth_max_mm": Decimal(14)}, "not-valid"),
        ({"shots_min": 300, "shots_max": 8}, "not-valid"),
        ({"minimum_sessions": 0}, "not-valid"),
        ({"summary": "a\x00b"}, "not-valid"),
        ({"needle": "x" * 81}, "not-valid"),
        ({"device": "cannon"}, "not-valid"),
    ],
)
def test_a_draft_with_a_fault_is_refused_in_words_and_not_saved(clinic, change, code):
    version = make_protocol_draft(clinic)

    with refusal(code):
        save(version, replace(draft_of(version), **change))

    version.refresh_from_db()
    assert version.edit_count == 0


@pytest.mark.parametrize(
    "line", [{"volume_ml": Decimal(-1)}, {"volume_ml": Decimal(1001)}, {"syringe": "Z"}, {"role": "x"}]
)
def test_a_line_with_a_fault_is_refused_naming_the_line(clinic, line):
    version = make_protocol_draft(clinic)
    lines = (*draft_of(version).lines, replace(draft_of(version).lines[0], **line))

    with pytest.raises(Refused) as refused:
        save(version, replace(draft_of(version), lines=lines))

    assert refused.value.details["line"] == 1
    assert version.lines.count() == 1


def test_a_substance_of_another_clinic_is_refused(clinic):
    version = make_protocol_draft(clinic)
    foreign = DraftLine(make_substance(make_clinic()), "base", Decimal(1))

    with refusal("other-clinic"):
        save(version, ProtocolDraft(lines=(foreign,)))


def test_only_the_newest_published_version_of_protocols_on_offer_is_offered(clinic):
    Protocol.objects.filter(clinic=clinic).update(is_archived=True)
    old = make_protocol_version(clinic)
    new = protocols.publish_version(actor=None, version=protocols.start_next_version(actor=None, protocol=old.protocol))
    protocols.start_next_version(actor=None, protocol=old.protocol)
    make_protocol_draft(clinic)
    gone = make_protocol_version(clinic)
    protocols.archive(actor=None, protocol=gone.protocol)
    make_protocol_version(make_clinic())

    assert list(queries.published_versions(clinic)) == [new]


def test_versions_are_offered_for_their_species_and_indication_or_for_all(clinic):
    load_catalogue(clinic=clinic)
    Protocol.objects.filter(clinic=clinic).update(is_archived=True)
    species = make_species()
    neck, back = Indication.objects.filter(clinic=clinic)[:2]
    for_all = make_protocol_version(clinic, name="A")
    horses = make_protocol_version(clinic, name="B", species=["horse"], indications=(back,))
    people = make_protocol_version(clinic, name="C", species=["human"], indications=(neck,))

    assert list(queries.published_versions(clinic, species["horse"])) == [for_all, horses]
    assert list(queries.published_versions(clinic, indication=neck)) == [for_all, people]


@pytest.mark.parametrize("size", [1, 15])
def test_offering_versions_takes_four_statements(clinic, size, django_assert_num_queries):
    load_catalogue(clinic=clinic)
    Protocol.objects.filter(clinic=clinic).update(is_archived=True)
    for _ in range(size):
        make_protocol_version(
            clinic, species=["horse"], indications=tuple(Indication.objects.filter(clinic=clinic)[:2])
        )

    with django_assert_num_queries(4):
        for version in queries.published_versions(clinic):
            assert [line.substance.name for line in version.lines.all()]
            assert version.protocol.clinic.country
            assert list(version.species.all())
            assert list(version.indications.all())
