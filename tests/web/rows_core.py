"""Examples of the core's URLs for the rights matrix."""

from tests.web.rights import Row

ROWS: dict[str, Row] = {}
