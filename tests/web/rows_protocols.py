"""Examples of the protocols' URLs for the rights matrix."""

from tests.web.rights import Row

ROWS = {
    "protocols:cadence-rows": Row(),
    "sessions:cadence-preview": Row(),
}
