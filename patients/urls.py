"""Addresses of the patients app; the patient's own page is `sessions:patient`."""

from django.urls import path

from patients.views import (
    consent_texts,
    flags,
    identifiers,
    imports,
    merging,
    parties,
    patients,
    places,
    restricted,
    signing,
)

app_name = "patients"

urlpatterns = [
    # patients
    path("", patients.list_patients, name="list"),
    path("search/", patients.search_patients, name="search"),
    path("duplicates/", patients.list_duplicates, name="duplicates"),
    path("register/", patients.register_patient, name="register"),
    path("register/<slug:species>/", patients.register_patient, name="register-species"),
    path("<uuid:public_id>/edit/", patients.edit_patient, name="edit"),
    path("<uuid:public_id>/weight/", patients.record_weight, name="record-weight"),
    path("<uuid:public_id>/allergies/", patients.set_allergies, name="set-allergies"),
    path("<uuid:public_id>/end/", patients.end_patient, name="end"),
    path("<uuid:public_id>/reopen/", patients.reopen_patient, name="reopen"),
    path("<uuid:public_id>/open/", restricted.open_restricted, name="open-restricted"),
    # merging
    path("<uuid:public_id>/merge/", merging.merge_patient, name="merge"),
    path("merges/<uuid:merge_id>/undo/", merging.undo_merge, name="undo-merge"),
    path("<uuid:public_id>/apart/<uuid:other_id>/", merging.tell_files_apart, name="tell-files-apart"),
    path("<uuid:public_id>/apart/<uuid:other_id>/undo/", merging.undo_tell_files_apart, name="undo-tell-files-apart"),
    # contacts
    path("contacts/", parties.find_parties, name="find-parties"),
    path("<uuid:public_id>/contacts/add/", parties.add_party, name="add-party"),
    path("<uuid:public_id>/contacts/<int:link_id>/", parties.edit_party, name="edit-party"),
    path("<uuid:public_id>/contacts/<int:link_id>/end/", parties.end_party, name="end-party"),
    path("<uuid:public_id>/sold/", parties.transfer_ownership, name="transfer-ownership"),
    # identifiers
    path("<uuid:public_id>/numbers/add/", identifiers.add_identifier, name="add-identifier"),
    path("<uuid:public_id>/numbers/<int:identifier_id>/end/", identifiers.end_identifier, name="end-identifier"),
    # flags and consents
    path("<uuid:public_id>/flags/add/", flags.add_flag, name="add-flag"),
    path("<uuid:public_id>/flags/<uuid:flag_id>/end/", flags.end_flag, name="end-flag"),
    path("<uuid:public_id>/consents/give/", flags.give_consent, name="give-consent"),
    path("<uuid:public_id>/consents/sign/", signing.sign_consent, name="sign-consent"),
    path("<uuid:public_id>/consents/<uuid:consent_id>/withdraw/", flags.withdraw_consent, name="withdraw-consent"),
    path("<uuid:public_id>/consents/<uuid:consent_id>/scan/", flags.add_scan, name="add-scan"),
    path("<uuid:public_id>/scans/<uuid:scan_id>/", flags.read_scan, name="read-scan"),
    # imports
    path("imports/", imports.imports, name="imports"),
    path("imports/upload/", imports.upload_import, name="upload-import"),
    path("imports/template/", imports.import_template, name="import-template"),
    path("imports/<uuid:public_id>/", imports.show_import, name="import"),
    path("imports/<uuid:public_id>/state/", imports.import_state, name="import-state"),
    path("imports/<uuid:public_id>/run/", imports.run_import, name="run-import"),
    path("imports/<uuid:public_id>/cancel/", imports.cancel_import, name="cancel-import"),
    path("imports/<uuid:public_id>/take-back/", imports.take_back_import, name="take-back-import"),
    path("imports/<uuid:public_id>/rows/<int:position>/apart/", imports.tell_row_apart, name="tell-row-apart"),
    path(
        "imports/<uuid:public_id>/rows/<int:position>/apart/undo/",
        imports.undo_tell_row_apart,
        name="undo-tell-row-apart",
    ),
    path("imports/<uuid:public_id>/ends/", imports.import_ends, name="import-ends"),
    path("imports/<uuid:public_id>/faults/", imports.import_faults, name="import-faults"),
    # consent texts
    path("consent-texts/", consent_texts.consent_texts, name="consent-texts"),
    path("consent-texts/new/", consent_texts.write_consent_text, name="write-consent-text"),
    path("consent-texts/<uuid:public_id>/", consent_texts.renew_consent_text, name="renew-consent-text"),
    # stables and homes
    path("places/", places.places, name="places"),
    path("places/new/", places.create_place, name="create-place"),
    path("places/<uuid:public_id>/", places.edit_place, name="edit-place"),
]
