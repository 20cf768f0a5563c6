"""The addresses of the waiting list, and of the lists of people to call: their times, and what came of a call."""

from django.urls import path

from sessions.views import lines, waiting

urlpatterns = [
    path("waiting/", waiting.waiting_list, name="waiting"),
    path("waiting/like/<uuid:public_id>/", waiting.waiting_for_time, name="waiting-for-time"),
    path("waiting/<uuid:public_id>/withdraw/", waiting.withdraw, name="withdraw-waiting"),
    path("appointments/<uuid:public_id>/wait/", waiting.wait_with_visit, name="wait-with-visit"),
    path("appointments/planned/<uuid:public_id>/wait/", waiting.wait_with_session, name="wait-with-session"),
    path("calls/", lines.to_call, name="to-call"),
    path("calls/<uuid:public_id>/", lines.note_call, name="note-call"),
    path("times/<slug:what>/<uuid:public_id>/take/", lines.take_time, name="take-time"),
    path("times/<slug:what>/<uuid:public_id>/offer/", lines.offer_time, name="offer-time"),
]
