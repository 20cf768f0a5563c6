"""The addresses of session records: begin, write, done, sign, add to."""

from django.urls import path

from sessions.views import reactions, records, signing

urlpatterns = [
    path("records/visit/<uuid:public_id>/", records.start_record, name="record"),
    path("records/session/<uuid:public_id>/late/", records.start_late_record, name="record-late"),
    path("records/unsigned/", signing.list_unsigned, name="records-unsigned"),
    path("records/sign/", signing.sign_records, name="records-sign"),
    path("records/<uuid:public_id>/", records.open_record, name="record-view"),
    path("records/<uuid:public_id>/edit/", records.edit_record, name="record-edit"),
    path("records/<uuid:public_id>/save/", records.save_record, name="record-save"),
    path("records/<uuid:public_id>/check/", records.check_record, name="record-check"),
    path("records/<uuid:public_id>/compose/", records.compose_record, name="record-compose"),
    path("records/<uuid:public_id>/done/", records.finish_record, name="record-done"),
    path("records/<uuid:public_id>/undo-done/", records.undo_done, name="record-undo-done"),
    path("records/<uuid:public_id>/discard/", records.discard_record, name="record-discard"),
    path("records/<uuid:public_id>/label.pdf", records.print_label, name="record-label"),
    path("records/<uuid:public_id>/addendum/", signing.add_addendum, name="addendum"),
    path("records/<uuid:public_id>/reaction/", reactions.report_reaction, name="record-reaction"),
    path("records/<uuid:public_id>/reaction/<uuid:event_id>/", reactions.update_reaction, name="reaction-update"),
    path("records/<uuid:public_id>/answer/", reactions.note_answer, name="follow-up"),
    path("follow-ups/", reactions.follow_ups, name="follow-ups"),
]
