"""Examples of the URLs of courses for the rights matrix."""

from tests.factories import make_course, make_horse
from tests.web.rights import Row, World


def _course(world: World) -> dict:
    return {"public_id": world.one(make_course).public_id}


def _session(world: World) -> dict:
    return {**_course(world), "number": 1}


ROWS: dict[str, Row] = {
    "sessions:courses": Row(),
    **{
        f"sessions:{name}": Row(_course)
        for name in (
            *("course", "course-progress", "pause-course", "resume-course", "stop-course"),
            *("change-cadence", "extend-course", "step-back", "restart-course"),
        )
    },
    "sessions:skip-session": Row(_session),
    "sessions:unskip-session": Row(_session),
    "sessions:record-review": Row(lambda world: {**_course(world), "after": 1}),
    "sessions:prescribe": Row(lambda world: {"public_id": world.one(make_horse).public_id}),
}
