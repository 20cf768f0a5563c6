"""The addresses of the rebooking page: what is broken by an absence, a closure, changed hours; and the calls about it."""

from django.urls import path

from sessions.views import leaving, rebooking

urlpatterns = [
    path("rebook/", rebooking.rebook, name="rebook"),
    path("rebook/accept/", rebooking.accept_new_times, name="accept-new-times"),
    path("rebook/<slug:kind>/<uuid:public_id>/", rebooking.rebook, name="rebook-because"),
    path("appointments/<uuid:public_id>/called/", rebooking.record_call, name="record-call"),
    path("rounds/<uuid:public_id>/called/", rebooking.record_round_call, name="record-round-call"),
    path("leaving/<uuid:public_id>/", leaving.leaving, name="leaving"),
    path("leaving/<uuid:public_id>/hand-over/", leaving.hand_over_courses, name="hand-over-courses"),
    path("leaving/<uuid:public_id>/end-sign-in/", leaving.end_sign_in, name="end-sign-in"),
]
