"""What the prescription page knows: the patient, the protocol chosen, the visit that has arrived, and two forms."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest
from django.utils import timezone

from mesoclinic.core.refused import Refused
from patients.models import Patient
from patients.queries import consents
from patients.queries import patients as patient_reads
from protocols.cadence import CadenceError, parse
from protocols.citations import shipped_text
from protocols.folding import fold
from protocols.forms.cadence import CadenceForm, start_day
from protocols.models import Indication, ProtocolVersion
from protocols.queries import protocols
from protocols.words import cadence_words
from sessions.forms.courses import PrescribeForm
from sessions.models import Appointment, Practitioner
from sessions.queries import appointments, availability, prescriptions
from sessions.queries.consents import class_words, new_classes

PRESENT = ("arrived", "in_progress")
LONGEST_SEARCH = 100


class Prescription:
    """One prescription being written. The address says `version`, `indication` and `appointment`.

    Once a newer version is published, the page is about that; what an older page sends is refused with its own.
    """

    def __init__(self, request: HttpRequest, patient: Patient) -> None:
        self.request, self.patient = request, patient
        self.today = timezone.localdate()
        self.visit = self._visit()
        self.asked_version = self._version()
        self.newer = protocols.newer_published(self.asked_version) if self.asked_version else None
        self.version = self.newer or self.asked_version
        if self.version is not None:
            self.form, self.cadence_form = self._forms()
            day = self.today if self.visit else start_day(request.POST, self.today)
            self.start_on = day
            self.mix = prescriptions.mix_for(self.version, patient, day)
            if not self.mix.blocks:
                del self.form.fields["override_reason"]

    def _version(self) -> ProtocolVersion | None:
        code = self.request.GET.get("version", "")
        return protocols.version_or_404(self.patient.clinic, _uuid(code)) if code else None

    def _visit(self) -> Appointment | None:
        """The visit that has arrived and becomes session 1."""
        code = self.request.GET.get("appointment", "")
        if not code:
            return None
        visit = appointments.get_or_404(self.patient.clinic, _uuid(code))
        fits = visit.patient_id == self.patient.pk and visit.status in PRESENT and visit.planned_session_id is None
        return visit if fits else None

    # choosing the protocol

    def choice(self) -> dict[str, Any]:
        """Give what the list of protocols shows."""
        asked = self.request.GET.get("indication", "")
        indications = list(prescriptions.indications_for(self.patient))
        indication = next((one for one in indications if str(one.public_id) == asked), None)
        text = self.request.GET.get("q", "").replace("\x00", "").strip()[:LONGEST_SEARCH]
        versions = protocols.published_versions(self.patient.clinic, self.patient.species, indication)
        return {
            **self._shared(),
            "versions": [(one, _words(one)) for one in versions if _has(one, fold(text))],
            "indications": indications,
            "indication": indication,
            "text": text,
        }

    # the form

    def _forms(self) -> tuple[PrescribeForm, CadenceForm]:
        common = {"patient": self.patient, "begins_now": self.visit is not None}
        if self.request.method != "POST":
            return PrescribeForm(initial=self._first_values(), **common), CadenceForm(initial=self._own_cadence())
        post = self.request.POST
        rows = CadenceForm.answering_rows(post)
        if rows is None and "cadence-read" in post:
            rows = rows_of_text(post)
        if rows is None:
            return PrescribeForm(post, **common), CadenceForm(post)
        kept = {name: post.getlist(name) if name == "combined" else post.get(name, "") for name in post}
        return PrescribeForm(initial=kept, **common), rows  # a row button was pressed: nothing is checked yet

    def _own_cadence(self):
        try:
            return parse(self.version.cadence)
        except CadenceError:
            return "1x"

    def _first_values(self) -> dict[str, Any]:
        asked = self.request.GET.get("indication", "")
        fitting = [str(one.public_id) for one in self.version.indications.all()]
        own = Practitioner.objects.filter(user=self.request.user, clinic=self.patient.clinic).first()
        return {
            "indication": asked or (fitting[0] if len(fitting) == 1 else ""),
            "lead_practitioner": own or availability.practitioners(self.patient.clinic, self.today).first(),
            "site": self.visit.site if self.visit else self.request.site,
            "start_on": self.today,
        }

    def is_valid(self) -> bool:
        """Check both forms, so that every fault shows at once."""
        if not self.form.is_bound:
            return False
        return all([self.form.is_valid(), self.cadence_form.is_valid()])

    def asked(self) -> dict[str, Any]:
        values = self.form.asked()
        values.setdefault("start_on", self.today)
        return {
            **values,
            "patient": self.patient,
            "protocol_version": self.asked_version,
            "cadence": str(self.cadence_form.cadence),
            "appointment": self.visit,
        }

    def refuse(self, no: Refused) -> None:
        self.form.refuse(no)

    def context(self) -> dict[str, Any]:
        return {
            **self._shared(),
            "version": self.version,
            "is_newer": self.newer is not None and not self.form.non_field_errors(),
            "version_words": _words(self.version),
            "form": self.form,
            "cadence_form": self.cadence_form,
            "start_on": self.start_on,
            "mix": self.mix,
        }

    def _shared(self) -> dict[str, Any]:
        kept = {name: self.request.GET[name] for name in ("appointment", "indication") if self.request.GET.get(name)}
        return {
            "patient": self.patient,
            "banner": patient_reads.banner(self.patient, self.today),
            "has_consent": consents.has_consent(self.patient, self.today),
            "new_classes": self._new_classes(),
            "visit": self.visit,
            "kept": kept,
        }

    def _new_classes(self) -> str:
        """Name what the chosen protocol brings that the patient's consent did not know of."""
        general = consents.standing_kinds(self.patient, self.today).get("general", []) if self.version else []
        new = new_classes(general, protocols.classes_of(self.version)) if general else set()
        return class_words(new) if new else ""


def _uuid(code: str) -> UUID:
    try:
        return UUID(code)
    except ValueError as exc:
        raise Http404 from exc


def _words(version: ProtocolVersion) -> str:
    return cadence_words(version.cadence)


def _has(version: ProtocolVersion, text: str) -> bool:
    """Say whether every word typed is in the names of a protocol, its indications or its substances."""
    names: list[Indication | str] = [str(version.protocol), shipped_text(version.summary), *version.indications.all()]
    names += [str(line.substance) for line in version.lines.all()]
    whole = fold(" ".join(str(name) for name in names))
    return all(word in whole for word in text.split())


def rows_of_text(post) -> CadenceForm:
    """Answer "Make rows of it" without scripts."""
    form = CadenceForm(post)
    return CadenceForm(initial=form.cadence) if form.is_valid() and form.cadence is not None else form
