"""The addresses of courses: prescribing, the plan, and what a practitioner does with it."""

from django.urls import path

from sessions.views import competitions, course_actions, courses, preferences, series

urlpatterns = [
    path("courses/", courses.list_courses, name="courses"),
    path("courses/<uuid:public_id>/", courses.open_course, name="course"),
    path("courses/<uuid:public_id>/series/", series.book_series, name="book-series"),
    path("courses/<uuid:public_id>/progress/", courses.course_progress, name="course-progress"),
    path("courses/<uuid:public_id>/review/<int:after>/", course_actions.record_review, name="record-review"),
    path("courses/<uuid:public_id>/pause/", course_actions.pause_course, name="pause-course"),
    path("courses/<uuid:public_id>/resume/", course_actions.resume_course, name="resume-course"),
    path("courses/<uuid:public_id>/stop/", course_actions.stop_course, name="stop-course"),
    path("courses/<uuid:public_id>/extend/", course_actions.extend_course, name="extend-course"),
    path("courses/<uuid:public_id>/cadence/", course_actions.change_cadence, name="change-cadence"),
    path("courses/<uuid:public_id>/step-back/", course_actions.step_back, name="step-back"),
    path("courses/<uuid:public_id>/restart/", course_actions.restart_course, name="restart-course"),
    path("courses/<uuid:public_id>/sessions/<int:number>/skip/", course_actions.skip_session, name="skip-session"),
    path(
        "courses/<uuid:public_id>/sessions/<int:number>/unskip/", course_actions.unskip_session, name="unskip-session"
    ),
    path("patients/<uuid:public_id>/prescribe/", courses.prescribe, name="prescribe"),
    path("patients/<uuid:public_id>/preferences/", preferences.set_preference, name="set-preference"),
    path("patients/<uuid:public_id>/blocked-days/", preferences.block_days, name="block-days"),
    path(
        "patients/<uuid:public_id>/blocked-days/<uuid:blocked_id>/remove/",
        preferences.unblock_days,
        name="unblock-days",
    ),
    path("patients/<uuid:public_id>/competitions/", competitions.enter_competition, name="enter-competition"),
    path(
        "patients/<uuid:public_id>/competitions/<uuid:event_id>/",
        competitions.change_competition,
        name="change-competition",
    ),
    path(
        "patients/<uuid:public_id>/competitions/<uuid:event_id>/remove/",
        competitions.remove_competition,
        name="remove-competition",
    ),
]
