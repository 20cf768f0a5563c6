"""Examples for the matrix of rights: recalls."""

from protocols.services import recalls
from tests.factories import make_lot
from tests.web.rights import Row


def make_recall(clinic):
    lot = make_lot(clinic)
    return recalls.recall_lots(actor=None, clinic=clinic, number=lot.number, reason="Maker's letter")


def _recall(world):
    return {"public_id": world.one(make_recall).public_id}


ROWS = {
    "sessions:recalls": Row(query={"number": "AB12"}),
    "sessions:begin-recall": Row(),
    "sessions:recall": Row(_recall),
    "sessions:recall-notice": Row(_recall),
    "sessions:recall-letters": Row(_recall),
    "sessions:recall-list": Row(_recall),
    "sessions:take-back-recall": Row(_recall),
}
