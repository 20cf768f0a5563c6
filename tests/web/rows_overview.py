"""Examples of the overview's URLs for the rights matrix."""

from tests.web.rights import Row

ROWS = {
    "sessions:overview": Row(),
    "sessions:overview-part": Row(lambda _world: {"part": "visits"}),
    "sessions:overview-pdf": Row(),
    "sessions:overview-list": Row(query={"what": "booked", "period": "year"}),
}
