"""Examples of the reports' URLs for the rights matrix."""

from tests.factories import make_batch, make_course, make_handout, make_horse, make_protocol_version
from tests.web.rights import Row


def _course(world):
    return {"public_id": world.one(make_course).public_id}


def _handout(world):
    return {"public_id": world.one(make_handout).public_id}


def _batch(world):
    return {"public_id": world.one(make_batch).public_id}


def _horse(world):
    return {"public_id": world.one(make_horse).public_id}


def _protocol_of_horses(world):
    return {"public_id": world.one(_horses_version).public_id, "species": "horse"}


def _horses_version(clinic):
    return make_protocol_version(clinic, species=["horse"])


ROWS = {
    "sessions:reports": Row(),
    "sessions:course-report": Row(_course),
    "sessions:course-report-pdf": Row(_course),
    "sessions:hand-out-report": Row(_course),
    "sessions:handed-out-pdf": Row(_handout),
    "sessions:batches": Row(),
    "sessions:ask-batch": Row(),
    "sessions:batch": Row(_batch),
    "sessions:batch-state": Row(_batch),
    "sessions:cancel-batch": Row(_batch),
    "sessions:retry-batch": Row(_batch),
    "sessions:batch-file": Row(_batch),
    "sessions:patient-card": Row(_horse),
    "sessions:course-card": Row(_course),
    "sessions:patient-leaflet": Row(_horse),
    "sessions:course-leaflet": Row(_course),
    "sessions:protocol-leaflet": Row(_protocol_of_horses),
}
