"""Many reports at once: every one is in the file once, whatever fails, is cancelled or killed on the way."""

import io
import tracemalloc
import zipfile
from datetime import timedelta

import pypdf
import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from mesoclinic.core.models import AuditEvent, Clinic
from mesoclinic.core.refused import Refused
from mesoclinic.core.roles import Role
from patients.models import Patient
from sessions.models import BatchReport, ReportBatch, ReportHandout
from sessions.printing import bundles
from sessions.printing.joining import _Numbering
from sessions.printing.pdf import course_pdf
from sessions.services import batches, reports
from tests.factories import make_clinic, make_course, make_patient, make_protocol_version, make_user
from tests.sessions.booking_world import MONDAY
from tests.sessions.test_pdf import full_report
from tests.shared import shared

pytestmark = pytest.mark.django_db
NAMES = ["Ada Łuczak", "=Bert", "Дарина"]


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@shared
def world():
    clinic = make_clinic()
    manager = make_user(clinic, Role.MANAGER)
    courses = [make_course(clinic, patient=make_patient(clinic, name=name)) for name in NAMES]
    return clinic, manager, courses


def ask(world, kind="zip", **changes) -> ReportBatch:
    clinic, manager, courses = world
    asked = {"course_ids": [course.pk for course in courses], "kind": kind, "language": "en", "today": MONDAY}
    return batches.ask_batch(actor=manager, clinic=clinic, **(asked | changes))


def content(batch: ReportBatch) -> io.BytesIO:
    batch.refresh_from_db()
    assert batch.status == "done"
    with batch.file.open("rb") as file:
        return io.BytesIO(file.read())


def names_in(folder) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def fail_for(monkeypatch, *broken) -> None:
    real = reports.read_to_print

    def maybe(**asked):
        if asked["course"] in broken:
            raise RuntimeError("typesetting broke")
        return real(**asked)

    monkeypatch.setattr(batches.reports, "read_to_print", maybe)


def test_asking_rings_a_worker_and_is_written_down(world, bells, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        batch = ask(world)

    assert bells == [("sessions.print_batch", (batch.pk,))]
    assert AuditEvent.objects.filter(verb="batch.asked", subject_id=batch.pk, actor=world[1]).count() == 1


def test_a_zip_holds_every_report_once_and_an_index_that_runs_no_formula(world):
    batch = ask(world)

    batches.print_batch(batch.pk)

    with zipfile.ZipFile(content(batch)) as whole:
        first, *rest = whole.namelist()
        assert first == "index.xlsx"
        assert len(rest) == len(set(rest)) == len(NAMES)
        assert all(whole.read(name).startswith(b"%PDF-") for name in rest)
        sheet = load_workbook(io.BytesIO(whole.read(first))).active
    rows = list(sheet.iter_rows(min_row=2))
    assert [row[1].value for row in rows] == NAMES
    assert [row[1].data_type for row in rows] == ["s"] * len(NAMES)
    assert [row[3].value for row in rows] == rest


def test_one_pdf_holds_every_report_in_order_with_bookmarks(world):
    batch = ask(world, "pdf")

    batches.print_batch(batch.pk)

    whole = pypdf.PdfReader(content(batch))
    numbers = [course.number for course in world[2]]
    assert [mark.title.rsplit("-", 1)[1] for mark in whole.outline] == [str(number) for number in numbers]
    starts = [whole.get_destination_page_number(mark) for mark in whole.outline]
    assert starts == sorted(starts)
    assert "Ada Łuczak" in whole.pages[0].extract_text()


def test_one_pdf_keeps_the_tags_by_which_every_report_is_read_aloud(world):
    _clinic, _manager, courses = world
    Patient.objects.filter(pk=courses[1].patient_id).update(name="See 5 0 R (and 7 0 R) /ID(x)")
    batch = ask(world, "pdf")

    batches.print_batch(batch.pk)

    whole = pypdf.PdfReader(content(batch), strict=True)
    root = whole.root_object["/StructTreeRoot"]
    numbers = root["/ParentTree"]["/Nums"]
    owners = dict(zip(numbers[::2], numbers[1::2], strict=True))
    assert [page["/StructParents"] for page in whole.pages] == list(range(len(whole.pages)))
    for page in whole.pages:
        for owner in owners[page["/StructParents"]].get_object():
            assert owner.get_object()["/Pg"].indirect_reference == page.indirect_reference
    names = root["/IDTree"]["/Names"]
    told = dict(zip(names[::2], names[1::2], strict=True))
    assert len(told) * 2 == len(names)
    assert list(told) == sorted(told)
    for name, owner in told.items():
        assert owner.get_object()["/ID"] == name
    heads = {head for one in walk(root["/K"]) for told_of in one.get("/A", ()) for head in told_of.get("/Headers", ())}
    assert heads <= told.keys()
    documents = root["/K"][0].get_object()["/K"]
    assert [one.get_object()["/S"] for one in documents] == ["/Document"] * len(NAMES)
    assert "See 5 0 R (and 7 0 R) /ID(x)" in " ".join(page.extract_text() for page in whole.pages)


def walk(kids):
    for kid in kids if isinstance(kids, list) else [kids]:
        one = kid.get_object()
        if isinstance(one, dict):
            yield one
            yield from walk(one.get("/K", []))


def test_one_pdf_says_that_it_is_accessible_and_shows_its_title(world):
    clinic, _manager, _courses = world
    Clinic.objects.filter(pk=clinic.pk).update(name="Roux & <Fils>")
    batch = ask(world, "pdf")

    batches.print_batch(batch.pk)

    whole = pypdf.PdfReader(content(batch), strict=True)
    assert whole.xmp_metadata.dc_title["x-default"] == "Reports – Roux & <Fils>"
    assert b"<pdfuaid:part>1</pdfuaid:part>" in whole.root_object["/Metadata"].get_data()
    assert whole.root_object["/ViewerPreferences"]["/DisplayDocTitle"].value is True


def test_many_reports_in_one_pdf_take_hardly_more_memory_than_few():
    part = course_pdf(full_report())

    def most_memory(count: int) -> int:
        tracemalloc.start()
        bundles.one_pdf(io.BytesIO(), ((f"{n}.pdf", lambda: io.BytesIO(part)) for n in range(count)), "Reports")
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    few, many = most_memory(2), most_memory(30)

    assert (many - few) / 28 < 3 * len(part)


def test_every_report_is_written_down_for_its_patient(world):
    batches.print_batch(ask(world).pk)

    printed = AuditEvent.objects.filter(verb="report.printed", actor=world[1])
    assert sorted(printed.values_list("patient_id", flat=True)) == sorted(course.patient_id for course in world[2])


def test_one_that_fails_keeps_no_other_from_it_and_is_tried_again_alone(world, monkeypatch, caplog):
    _clinic, manager, courses = world
    batch = ask(world)
    fail_for(monkeypatch, courses[1])
    batches.print_batch(batch.pk)
    assert [report.status for report in batch.reports.all()] == ["made", "failed", "made"]
    with zipfile.ZipFile(content(batch)) as whole:
        assert len(whole.namelist()) == 3
    monkeypatch.undo()

    batch.refresh_from_db()
    batches.retry_failed(actor=manager, batch=batch)
    batches.print_batch(batch.pk)

    with zipfile.ZipFile(content(batch)) as whole:
        assert len(whole.namelist()) == 4
    assert AuditEvent.objects.filter(verb="report.printed").count() == 3
    with pytest.raises(Refused, match="nothing to print"):
        batches.retry_failed(actor=manager, batch=batch)


def test_one_that_cannot_be_set_keeps_no_other_from_it(world, monkeypatch, caplog):
    batch = ask(world)
    real = reports.typeset

    def maybe(opened):
        if opened.report.course_number == str(world[2][1].number):
            raise RuntimeError("typesetting broke")
        return real(opened)

    monkeypatch.setattr(batches.reports, "typeset", maybe)

    batches.print_batch(batch.pk)

    assert [report.status for report in batch.reports.all()] == ["made", "failed", "made"]
    assert "typesetting broke" in caplog.text


def test_one_that_cannot_be_put_together_with_the_others_keeps_no_other_from_it(world, monkeypatch, caplog):
    batch, put_together, parts = ask(world, "pdf"), batches._put_together, []

    def after_harm(turn):
        spoilt = batch.reports.get(course=world[2][1])
        parts.append(spoilt.file.path)
        with open(spoilt.file.path, "wb") as file:
            file.write(b"%PDF-1.7\nno objects at all\n%%EOF\n")
        put_together(turn)

    monkeypatch.setattr(batches, "_put_together", after_harm)
    batches.print_batch(batch.pk)

    assert parts
    assert len(pypdf.PdfReader(content(batch)).outline) == len(NAMES) - 1
    assert list(batch.reports.values_list("status", flat=True)) == ["made", "failed", "made"]
    assert "cannot be put together" in caplog.text
    monkeypatch.setattr(batches, "_put_together", put_together)
    batches.retry_failed(actor=world[1], batch=batch)
    batches.print_batch(batch.pk)
    assert len(pypdf.PdfReader(content(batch)).outline) == len(NAMES)


@pytest.mark.engine
def test_a_stream_begins_after_its_dictionary_not_at_the_word_in_a_text():
    numbering = _Numbering(base=10, first_page=0, mark=b"0-", tree=99)

    told = numbering.numbered(b"<</Desc(the stream (2 0 R))/Kids[3 0 R]>>\nstream\n4 0 R\nendstream")

    assert told == b"<</Desc(the stream (2 0 R))/Kids[13 0 R]>>\nstream\n4 0 R\nendstream"


def test_when_all_fail_the_batch_ends_and_says_so(world, monkeypatch, client, caplog):
    batch = ask(world, "pdf")
    fail_for(monkeypatch, *world[2])

    batches.print_batch(batch.pk)

    client.force_login(world[1])
    page = client.get(reverse("sessions:batch", args=[batch.public_id])).content.decode()
    assert "Could not be printed" in page
    assert all(course.patient.name.split()[0] in page for course in world[2])
    assert reverse("sessions:batch-file", args=[batch.public_id]) not in page


def test_a_cancelled_batch_prints_no_more_and_keeps_no_file(
    world, monkeypatch, folder, django_capture_on_commit_callbacks
):
    _clinic, manager, courses = world
    batch = ask(world)
    real = reports.read_to_print

    def cancel_at_the_second(**asked):
        if asked["course"] == courses[1]:
            batches.cancel_batch(actor=manager, batch=batch)
        return real(**asked)

    monkeypatch.setattr(batches.reports, "read_to_print", cancel_at_the_second)
    with django_capture_on_commit_callbacks(execute=True):
        batches.print_batch(batch.pk)

    batch.refresh_from_db()
    assert (batch.status, batch.file.name) == ("cancelled", "")
    assert names_in(folder) == []
    with pytest.raises(Refused, match="no longer being printed"):
        batches.cancel_batch(actor=manager, batch=batch)


def test_what_another_worker_holds_is_left_to_it_until_its_time_is_over(world):
    batch = ask(world)
    now = timezone.now()
    other = {"held_by": batch.public_id, "status": "running"}
    ReportBatch.objects.filter(pk=batch.pk).update(**other, free_from=now + timedelta(seconds=30))
    batches.print_batch(batch.pk)
    batches.sweep(now=now)
    assert set(batch.reports.values_list("status", flat=True)) == {"waiting"}

    ReportBatch.objects.filter(pk=batch.pk).update(free_from=now - timedelta(seconds=21))
    batches.sweep(now=now)

    assert len(zipfile.ZipFile(content(batch)).namelist()) == 4


def test_a_turn_that_is_over_rings_for_the_next_one(world, monkeypatch, bells, django_capture_on_commit_callbacks):
    batch = ask(world)
    monkeypatch.setattr("mesoclinic.core.services.jobs.ONE_TURN", -1.0)

    for made in (1, 2, 3):
        with django_capture_on_commit_callbacks(execute=True):
            batches.print_batch(batch.pk)
        assert batch.reports.filter(status="made").count() == made
        assert bells.pop() == ("sessions.print_batch", (batch.pk,))
    batches.print_batch(batch.pk)

    assert len(zipfile.ZipFile(content(batch)).namelist()) == 4


def test_a_worker_that_breaks_off_leaves_the_batch_to_the_next_one_at_once(world, monkeypatch):
    batch = ask(world)
    with monkeypatch.context() as patch:
        patch.setattr(batches.bundles, "zip_with_index", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            batches.print_batch(batch.pk)

    batches.print_batch(batch.pk)

    assert len(zipfile.ZipFile(content(batch)).namelist()) == 4


def test_a_batch_whose_bell_nobody_heard_is_found(world):
    batch = ask(world)
    batches.sweep(now=timezone.now())
    assert set(batch.reports.values_list("status", flat=True)) == {"waiting"}, "its bell may still be heard"

    batches.sweep(now=timezone.now() + timedelta(seconds=21))

    content(batch)


def test_a_worker_that_goes_on_makes_no_report_again(world, monkeypatch):
    batch = ask(world)
    batches.print_batch(batch.pk)
    ReportBatch.objects.filter(pk=batch.pk).update(status="running", file="", expires_at=None)

    batches.print_batch(batch.pk)

    assert AuditEvent.objects.filter(verb="report.printed").count() == 3
    assert len(zipfile.ZipFile(content(batch)).namelist()) == 4


def test_after_a_week_the_files_are_gone_and_the_page_says_so(
    world, folder, client, django_capture_on_commit_callbacks
):
    batch = ask(world)
    batches.print_batch(batch.pk)
    assert batches.expire(now=timezone.now() + timedelta(days=6, hours=23)) == 0

    with django_capture_on_commit_callbacks(execute=True):
        assert batches.expire(now=timezone.now() + timedelta(days=7, minutes=1)) == 1

    assert names_in(folder) == []
    client.force_login(world[1])
    assert "no file any more" in client.get(reverse("sessions:batch", args=[batch.public_id])).content.decode()
    answer = client.get(reverse("sessions:batch-file", args=[batch.public_id]), follow=True)
    assert "There is no file to take" in answer.content.decode()


def test_a_file_whose_time_is_over_is_not_given_out_though_nobody_has_deleted_it_yet(world, client):
    batch = ask(world)
    batches.print_batch(batch.pk)
    ReportBatch.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
    client.force_login(world[1])

    answer = client.get(reverse("sessions:batch-file", args=[batch.public_id]), follow=True)

    page = answer.content.decode()
    assert "There is no file to take" in page
    assert "no file any more" in page
    assert "Download" not in page


def test_a_file_the_storage_has_lost_is_a_sentence(world, client):
    batch = ask(world)
    batches.print_batch(batch.pk)
    batch.refresh_from_db()
    batch.file.storage.delete(batch.file.name)
    client.force_login(world[1])

    answer = client.get(reverse("sessions:batch-file", args=[batch.public_id]), follow=True)

    assert answer.status_code == 200
    assert "the file is missing" in answer.content.decode()


@pytest.mark.parametrize("kind", ["pdf", "zip"])
def test_a_report_the_storage_has_lost_keeps_no_other_from_it_and_is_printed_again(world, kind, monkeypatch, caplog):
    batch = ask(world, kind)
    fail_for(monkeypatch, world[2][2])
    batches.print_batch(batch.pk)
    monkeypatch.undo()
    lost = batch.reports.get(course=world[2][0]).file
    lost.storage.delete(lost.name)

    batches.retry_failed(actor=world[1], batch=ReportBatch.objects.get())
    batches.print_batch(batch.pk)

    assert content(batch)
    assert list(batch.reports.values_list("status", flat=True)) == ["failed", "made", "made"]
    batches.retry_failed(actor=world[1], batch=ReportBatch.objects.get())
    batches.print_batch(batch.pk)
    assert list(batch.reports.values_list("status", flat=True)) == ["made"] * 3


def test_a_pseudonymised_file_leaves_no_batch_with_its_report_and_no_name(
    world, folder, django_capture_on_commit_callbacks
):
    ready, waiting = ask(world, asked_for="Patient or course number: Ada"), ask(world)
    batches.print_batch(ready.pk)

    with django_capture_on_commit_callbacks(execute=True):
        batches.let_go([world[2][0].patient_id])
    batches.print_batch(waiting.pk)

    assert names_in(folder) == []
    assert list(ReportBatch.objects.values_list("status", "file", "asked_for")) == [("expired", "", "")] * 2
    assert set(BatchReport.objects.values_list("file", "file_name")) == {("", "")}


def test_a_file_taken_is_an_attachment_nobody_stores_and_is_written_down(world, client):
    batch = ask(world)
    batches.print_batch(batch.pk)
    client.force_login(world[1])

    answer = client.get(reverse("sessions:batch-file", args=[batch.public_id]))

    assert answer["Content-Disposition"].startswith("attachment")
    assert "no-store" in answer["Cache-Control"]
    assert zipfile.is_zipfile(io.BytesIO(b"".join(answer.streaming_content)))
    assert AuditEvent.objects.filter(verb="batch.exported", actor=world[1]).count() == 1


def test_what_the_filters_show_is_what_is_printed(world, client, bells):
    client.force_login(world[1])

    answer = client.post(reverse("sessions:ask-batch") + "?q=Łuczak", {"kind": "pdf", "language": "fr"})

    batch = ReportBatch.objects.get()
    assert answer["Location"] == reverse("sessions:batch", args=[batch.public_id])
    assert [report.course for report in batch.reports.all()] == [world[2][0]]
    assert (batch.language, batch.asked_for) == ("fr", "Patient or course number: Łuczak")


def test_the_courses_of_one_protocol_are_printed_and_it_is_named(world, client, bells):
    clinic, manager, _courses = world
    other = make_course(clinic, protocol_version=make_protocol_version(clinic, name="Equine back"))
    client.force_login(manager)
    protocol = other.protocol_version.protocol

    client.post(
        reverse("sessions:ask-batch", query={"protocol": protocol.public_id}), {"kind": "zip", "language": "en"}
    )

    batch = ReportBatch.objects.get()
    assert [report.course for report in batch.reports.all()] == [other]
    assert batch.asked_for == "Protocol: Equine back"


def test_the_bar_says_how_many_reports_are_made(world, client, monkeypatch):
    batch = ask(world)
    monkeypatch.setattr("mesoclinic.core.services.jobs.ONE_TURN", -1.0)
    client.force_login(world[1])
    state = reverse("sessions:batch-state", args=[batch.public_id])

    for made in (0, 1, 2):
        assert f'<progress max="3"\n                  value="{made}"' in client.get(state).text
        batches.print_batch(batch.pk)


@pytest.mark.parametrize(
    ("query", "words"),
    [("?q=nobody", "nothing to print"), ("?from_on=2026-03-02&until_on=2026-03-01", "cannot be read")],
)
def test_a_batch_of_nothing_is_a_sentence(world, client, query, words):
    client.force_login(world[1])

    answer = client.post(reverse("sessions:ask-batch") + query, {"kind": "pdf", "language": "en"})

    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not ReportBatch.objects.exists()


def test_one_pdf_of_too_many_is_refused_beside_its_choice(world, client, monkeypatch):
    monkeypatch.setattr(batches, "MOST_IN_ONE_PDF", 2)
    client.force_login(world[1])

    answer = client.post(reverse("sessions:ask-batch"), {"kind": "pdf", "language": "en"})

    assert "one PDF holds 2 at most" in answer.content.decode()
    assert not ReportBatch.objects.exists()


def test_the_page_asks_again_only_while_it_is_printed(world, client):
    batch = ask(world)
    client.force_login(world[1])
    state = reverse("sessions:batch-state", args=[batch.public_id])
    assert "data-poll" in client.get(state).content.decode()

    batches.print_batch(batch.pk)

    assert "data-poll" not in client.get(state).content.decode()


def test_the_database_refuses_a_ready_batch_without_a_file(world):
    batch = ask(world)

    with pytest.raises(IntegrityError), transaction.atomic():
        ReportBatch.objects.filter(pk=batch.pk).update(status="done")
    with pytest.raises(IntegrityError), transaction.atomic():
        BatchReport.objects.filter(batch=batch).update(file="batches/x.pdf")


def test_the_page_says_that_a_batch_is_for_the_clinics_own_files_and_none_is_handed_out_by_it(world, client):
    client.force_login(world[1])

    said = client.get(reverse("sessions:ask-batch")).content.decode()
    batches.print_batch(ask(world).pk)

    assert "no recipient is written down" in said
    assert not ReportHandout.objects.exists()
