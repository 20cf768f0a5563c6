"""Sign a consent on the screen: the words first, then the signature, drawn or typed."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from mesoclinic.core.access import requires
from patients.forms.flags import SignConsentForm
from patients.queries import consents as queries
from patients.queries import parties as party_queries
from patients.queries import patients as patient_queries
from patients.services import consents as services
from patients.signatures import HEIGHT, WIDTH
from patients.views.pages import form_page, page_of


@requires("patients.change_patient")
@require_http_methods(["GET", "POST"])
def sign_consent(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Choose the words (`text`), then hand the tablet over to be read and signed."""
    patient = patient_queries.get_or_404(request.clinic, public_id)
    today = timezone.localdate()
    contacts = party_queries.current_contacts(patient, today)
    texts = list(queries.texts_in_use(request.clinic, party_queries.language_of(patient, today, contacts)))
    asked = request.POST.get("text") or request.GET.get("text", "")
    text = next((one for one in texts if str(one.public_id) == asked), texts[0] if len(texts) == 1 else None)
    if text is None:
        banner = patient_queries.banner(patient, today)
        context = {"patient": patient, "banner": banner, "texts": texts, "page_url": page_of(patient)}
        return render(request, "patients/consents/choose_text.html", context)
    form = SignConsentForm(request.POST or None, patient=patient, contacts=contacts, text=text)
    return form_page(
        request,
        patient,
        form,
        lambda: services.sign_consent(actor=request.user, patient=patient, **form.signed()),
        template="patients/consents/sign.html",
        done=_("The consent is signed."),
        text=text,
        pad={"width": WIDTH, "height": HEIGHT},
        today=today,
    )
