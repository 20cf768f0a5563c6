"""What leaves the clinic: each reader gets what is theirs and no more, page and paper alike, and it is written down."""

import io
import re
import zipfile
from datetime import timedelta
from types import SimpleNamespace

import pypdf
import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse
from django.utils import timezone, translation

from mesoclinic.core.models import AuditEvent
from mesoclinic.core.refused import Refused
from mesoclinic.core.roles import Role
from patients.models import Patient
from patients.services import consents
from patients.services.pseudonymising import clear_identity
from sessions.models import ReportHandout
from sessions.printing.document import Variant
from sessions.printing.file_names import file_name
from sessions.printing.layout import course_data
from sessions.printing.pdf import course_pdf
from sessions.printing.variants import for_variant
from sessions.queries.report_words import report_words
from sessions.queries.reports import course_report, get_or_404
from sessions.services.file_exports import export_patient
from sessions.services.handouts import hand_out_report
from sessions.services.pseudonymised_rows import clear_sessions
from tests.factories import make_clinic, make_consent, make_handout, make_user
from tests.sessions.booking_world import PARIS
from tests.sessions.report_world import full_world
from tests.sessions.test_reports import text_of_page, text_of_pdf, words_in
from tests.shared import shared

pytestmark = pytest.mark.django_db
NOT_READ = {
    "svg",
    "alt",
    "kind",
    "widths",
    "aligns",
    "width",
    "language",
    "paper",
    "page_of",
    "title",
    "running",
    "href",
}


@shared
def world():
    return full_world()


def report_of(world, variant: Variant):
    course = get_or_404(world.clinic, world.course.public_id)
    return for_variant(course_report(course, timezone.localdate(timezone=PARIS), printed_by=world.user), variant)


def paper_of(report, species) -> str:
    return text_of_pdf(SimpleNamespace(content=course_pdf(report, report_words(species))))


def make_nobody(patient: Patient) -> None:
    clear_identity([patient], timezone.now(), timezone.localdate())


def hand_out(world, **fields) -> ReportHandout:
    values = {"variant": "referral", "recipient": "Dr Żuk", "purpose": "Treats on", "basis": "care"}
    course = get_or_404(world.clinic, world.course.public_id)
    return hand_out_report(actor=world.user, course=course, **(values | fields))


def address(world, name: str = "course-report", **query) -> str:
    return reverse(f"sessions:{name}", args=[world.course.public_id], query=query or None)


def read(value, key: str = ""):
    """Every text of a report's blocks that somebody reads."""
    if isinstance(value, dict):
        for name, one in value.items():
            yield from read(one, name)
    elif isinstance(value, list):
        for one in value:
            yield from read(one, key)
    elif isinstance(value, str) and value and key not in NOT_READ:
        yield value


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("variant", Variant)
def test_page_and_paper_say_the_same_to_every_reader(client, world, variant, language):
    client.force_login(world.user)
    species = world.patient.species

    on_page = text_of_page(client.get(address(world, variant=variant, language=language)))
    with translation.override(language):
        report = report_of(world, variant)
        texts = [" ".join(one.split()) for one in read(course_data(report, report_words(species), on_paper=False))]
        in_pdf = words_in(paper_of(report, species))

    assert len(texts) > 25
    assert [text for text in texts if text not in on_page] == []
    assert [text for text in texts if not words_in(text) <= in_pdf] == []


@pytest.mark.parametrize(
    ("variant", "said", "unsaid"),
    [
        (Variant.FULL, ["MV2291", "competes", "Stood well.", "Kicks", "Denoix 2002", "wrong horse"], []),
        (
            Variant.PATIENT,
            ["Mepivacaine", "Small haematoma", "The lot is PX-88105.", "Walk for two days.", "How it went"],
            ["MV2291", "competes", "Stood well.", "Kicks", "Denoix", "wrong horse", "Detomidine"],
        ),
        (
            Variant.REFERRAL,
            ["Mepivacaine", "Denoix 2002", "We write to you about Galant", "With kind regards"],
            ["MV2291", "competes", "Stood well.", "wrong horse"],
        ),
        (
            Variant.SHEET,
            [
                "Mepivacaine",
                "5 mL",
                "100 mg",
                "Lumbar",
                "injections: 24 · stung",
                "Walk for two days.",
                "Sessions to be booked",
            ],
            ["MV2291", "Small haematoma", "Stood well.", "Kicks", "Denoix", "Session 1", "7 before", "Signatures"],
        ),
        (
            Variant.INSURER,
            ["Galant", "Back pain", "Dr Camille Roux", "7 before session 1"],
            [
                *("Mepivacaine", "Lumbar", "haematoma", "PX-88105", "Kicks", "Short in the left rein", "Shoeing"),
                *("Walk for two days.", "Better", "Detomidine", "Physiotherapy", "wrong horse", "Anne"),
            ],
        ),
    ],
)
def test_each_reader_is_told_what_is_theirs_and_no_more(world, variant, said, unsaid):
    text = paper_of(report_of(world, variant), world.patient.species)

    assert [one for one in said if one not in text] == []
    assert [one for one in unsaid if one in text] == []


def test_the_file_of_a_variant_is_named_after_it(world):
    assert file_name(report_of(world, Variant.INSURER)) == "2026-03-02_Galant_course-1-insurer.pdf"
    assert file_name(report_of(world, Variant.SHEET)) == "2026-03-14_Galant_course-1-sheet.pdf"


def test_the_sheet_to_take_home_is_one_page_offered_on_the_record_and_all_but_filled_in(client, world):
    client.force_login(world.user)
    record = client.get(reverse("sessions:record-view", args=[world.right.public_id])).content.decode()
    asked = address(world, "hand-out-report", variant="sheet")

    form = client.get(asked).context["form"]
    client.post(asked, form.initial)

    assert f'href="{asked}"' in record
    assert form.initial["recipient"] == "Anne Lefèvre"
    handout = ReportHandout.objects.get()
    assert (handout.variant, handout.purpose, handout.basis) == ("sheet", "To take home", "request")
    pages = pypdf.PdfReader(io.BytesIO(handout.content)).pages
    assert len(pages) == 1
    assert "For Anne Lefèvre" in pages[0].extract_text()
    assert AuditEvent.objects.filter(verb="report.handed-out", patient_id=world.patient.pk).count() == 1


def test_a_paper_has_a_language_of_its_own(client, world):
    client.force_login(world.user)

    html = client.get(address(world, language="fr")).content.decode()
    handout = hand_out(world, language="fr")

    assert re.search(r'<article class="report"\s+lang="fr"', html)
    assert "Réponse au traitement" in html
    assert "Hand out …" in html  # the screen stays in the reader's
    text = text_of_pdf(SimpleNamespace(content=handout.content))
    assert "2,5 mL" in text
    assert "Avec nos salutations confraternelles" in text


def test_what_is_handed_out_is_kept_with_whom_why_and_on_what_basis(client, world):
    client.force_login(world.user)

    answer = client.post(
        address(world, "hand-out-report"),
        {"variant": "referral", "language": "en", "recipient": " Dr Żuk ", "purpose": "Treats on", "basis": "care"},
        follow=True,
    )

    handout = ReportHandout.objects.get()
    assert (handout.recipient, handout.by, handout.course) == ("Dr Żuk", world.user, world.course)
    event = AuditEvent.objects.get(verb="report.handed-out")
    assert (event.subject_id, event.patient_id) == (world.course.pk, world.patient.pk)
    for page in (
        answer,
        client.get(reverse("sessions:course", args=[world.course.public_id])),
        client.get(reverse("sessions:patient", args=[world.patient.public_id])),
    ):
        html = page.content.decode()
        assert "Dr Żuk" in html
        assert "Treats on" in html


def test_every_paper_handed_out_stays_in_sight_the_older_ones_behind_a_fold(client, world):
    for number in range(25):
        ReportHandout.objects.create(
            clinic=world.clinic,
            course=world.course,
            variant="sheet",
            language="en",
            recipient=f"Owner {number}",
            purpose="To take home",
            basis="request",
            by=world.user,
        )
    client.force_login(world.user)

    for page in ("course-report", "course"):
        html = client.get(address(world, page)).content.decode()
        shown, folded = html.split("Handed out before")
        assert "<strong>Owner 15</strong>" in shown
        assert "<strong>Owner 14</strong>" in folded
        assert "<strong>Owner 0</strong>" in folded


def test_a_paper_is_opened_again_as_it_was_handed_out(client, world):
    handout = hand_out(world)
    client.force_login(world.user)
    world.patient.name = "Renamed"
    world.patient.save(update_fields=["name"])

    answer = client.get(reverse("sessions:handed-out-pdf", args=[handout.public_id]))

    assert answer.content == bytes(ReportHandout.objects.get().content)
    assert "Galant" in text_of_pdf(answer)
    assert AuditEvent.objects.filter(verb="report.printed", patient_id=world.patient.pk).exists()


def test_an_insurer_is_given_nothing_without_consent_on_file(world):
    with pytest.raises(Refused) as refused:
        hand_out(world, variant="insurer", basis="consent")

    assert (refused.value.code, refused.value.field) == ("no-consent", "variant")
    assert not ReportHandout.objects.exists()


@pytest.mark.parametrize(("variant", "prints"), [("full", True), ("insurer", False), ("patient", False)])
def test_what_leaves_the_house_is_handed_out_and_a_preview_is_not_printed(client, world, variant, prints):
    client.force_login(world.user)
    page = client.get(address(world, variant=variant)).content.decode()

    assert ("data-print" in page) is prints
    assert ("A preview, not handed out" in page) is not prints


def test_an_insurers_copy_names_the_consent_and_stops_with_it(world):
    given = make_consent(world.patient, "insurer", given_by_name="Anne Lefèvre")

    assert hand_out(world, variant="insurer", basis="consent").consent == given
    with pytest.raises(Refused) as refused:
        hand_out(world, variant="insurer", basis="care")
    assert refused.value.field == "basis"
    consents.withdraw_consent(actor=world.user, consent=given)
    with pytest.raises(Refused):
        hand_out(world, variant="insurer", basis="consent")


@pytest.mark.parametrize("field", ["recipient", "purpose"])
def test_nobody_and_nothing_is_refused_at_its_field(world, field):
    with pytest.raises(Refused) as refused:
        hand_out(world, **{field: "  "})

    assert refused.value.field == field


LETTING_GO = [{"recipient": "—"}, {"content": b""}]
FORGERIES = [
    {"purpose": "Something else"},
    {"content": b"%PDF-forged"},
    {"sha256": "f" * 64},
    {"basis": "law"},
    {"at": timezone.now() + timedelta(days=1)},
]


@pytest.mark.parametrize("change", [*LETTING_GO, *FORGERIES])
def test_what_was_handed_out_is_never_changed(change):
    handout = make_handout(make_clinic())

    with pytest.raises(DatabaseError, match="frozen treatment_sessions_reporthandout_f_update"), transaction.atomic():
        ReportHandout.objects.filter(pk=handout.pk).update(**change)


def test_what_was_handed_out_is_never_deleted():
    handout = make_handout(make_clinic())

    with pytest.raises(DatabaseError, match="frozen treatment_sessions_reporthandout_f_delete"), transaction.atomic():
        ReportHandout.objects.filter(pk=handout.pk).delete()


@pytest.mark.parametrize("change", FORGERIES)
def test_a_file_of_nobody_lets_go_of_words_and_paper_alone(change):
    handout = make_handout(make_clinic())
    row = ReportHandout.objects.filter(pk=handout.pk)
    make_nobody(handout.course.patient)

    assert row.update(recipient="—", purpose="—", file_name="—", content=b"") == 1
    with pytest.raises(DatabaseError, match="frozen"), transaction.atomic():
        row.update(**change)


def test_reception_and_another_clinic_open_no_paper(client, world):
    handout = make_handout(world.clinic, course=world.course)
    url = reverse("sessions:handed-out-pdf", args=[handout.public_id])

    client.force_login(make_user(world.clinic, Role.RECEPTION))
    assert client.get(url).status_code == 403
    client.force_login(make_user(make_clinic(), Role.MANAGER))
    assert client.get(url).status_code == 404


def test_a_paper_is_in_the_patients_whole_file_and_goes_with_the_names(client, world):
    handout = hand_out(world)
    client.force_login(world.user)
    export = export_patient(actor=world.user, patient=world.patient, site=world.site)
    with export.content, zipfile.ZipFile(export.content) as archive:
        name = next(one for one in archive.namelist() if one.startswith("handed-out/"))
        assert archive.read(name) == bytes(handout.content)

    make_nobody(world.patient)
    clear_sessions([world.patient.pk])

    row = ReportHandout.objects.get()
    assert (bytes(row.content), "Żuk" in row.recipient, "Galant" in row.file_name) == (b"", False, False)
    answer = client.get(reverse("sessions:handed-out-pdf", args=[row.public_id]), follow=True)
    assert "The paper went when the names were taken out" in answer.content.decode()
