"""Examples of the reports' URLs for the rights matrix."""

from tests.factories import make_course, make_handout
from tests.web.rights import Row


def _course(world):
    return {"public_id": world.one(make_course).public_id}


def _handout(world):
    return {"public_id": world.one(make_handout).public_id}


ROWS = {
    "sessions:reports": Row(),
    "sessions:course-report": Row(_course),
    "sessions:course-report-pdf": Row(_course),
    "sessions:hand-out-report": Row(_course),
    "sessions:handed-out-pdf": Row(_handout),
}
