"""The addresses of rounds and of visits booked together."""

from django.urls import path

from sessions.views import round_records, rounds, together

urlpatterns = [
    path("appointments/together/", together.book_together, name="book-together"),
    path("appointments/together/times/", together.together_times, name="together-times"),
    path("rounds/", rounds.list_rounds, name="rounds"),
    path("rounds/new/", rounds.book_round, name="book-round"),
    path("rounds/new/times/", rounds.round_times, name="round-times"),
    path("rounds/<uuid:public_id>/", rounds.open_round, name="round"),
    path("rounds/<uuid:public_id>/reorder/", rounds.reorder_round, name="reorder-round"),
    path("rounds/<uuid:public_id>/close-gaps/", rounds.close_gaps, name="close-gaps"),
    path("rounds/<uuid:public_id>/move/", rounds.move_round, name="move-round"),
    path("rounds/<uuid:public_id>/cancel/", rounds.cancel_round, name="cancel-round"),
    path("rounds/<uuid:public_id>/sheet.pdf", rounds.round_sheet, name="round-sheet"),
    path("rounds/<uuid:public_id>/add/", rounds.add_to_round, name="add-to-round"),
    path("rounds/<uuid:public_id>/records/", round_records.round_records, name="round-records"),
    path("rounds/<uuid:public_id>/records/start/", round_records.start_round_records, name="start-round-records"),
    path("rounds/visit/<uuid:public_id>/left-out/", round_records.leave_out_of_round, name="leave-out-of-round"),
]
