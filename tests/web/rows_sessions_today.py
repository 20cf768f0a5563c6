"""Examples of Today's URLs for the rights matrix."""

from tests.web.rights import Row

ROWS = {"sessions:today": Row(), "sessions:close-day": Row()}
