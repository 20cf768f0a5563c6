"""Prescribe a course and change its way: the writes behind the prescribe page and the plan page."""

from .changing import (
    pause_course,
    resume_course,
    skip_session,
    skip_session_with_following,
    stop_course,
    unskip_session,
)
from .lengthening import extend_course
from .prescribing import prescribe_course
from .revising import change_cadence, record_review, restart_course, step_back

pause, resume, stop, restart = pause_course, resume_course, stop_course, restart_course

__all__ = [
    "change_cadence",
    "extend_course",
    "pause",
    "pause_course",
    "prescribe_course",
    "record_review",
    "restart",
    "restart_course",
    "resume",
    "resume_course",
    "skip_session",
    "skip_session_with_following",
    "step_back",
    "stop",
    "stop_course",
    "unskip_session",
]
