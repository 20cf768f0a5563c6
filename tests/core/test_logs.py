"""What the log says: a refused page in one line, a fault with all of it."""

import copy
import logging
import sys

import pytest
from django.conf import settings

from mesoclinic.core.logs import RefusalsInOneLine

pytestmark = pytest.mark.once


def record(status: int) -> logging.LogRecord:
    try:
        raise PermissionError("no")
    except PermissionError:
        said = logging.LogRecord("django.request", logging.WARNING, "", 1, "Forbidden: /x/", None, sys.exc_info())
    said.status_code = status
    return said


@pytest.mark.parametrize(("status", "lines"), [(403, 1), (404, 1), (500, 4)])
def test_a_refused_page_is_one_line_of_the_log_and_a_fault_is_all_of_it(status, lines):
    said = record(status)

    assert RefusalsInOneLine().filter(said)
    assert len(logging.Formatter().format(said).splitlines()) >= lines
    assert (lines == 1) == (len(logging.Formatter().format(said).splitlines()) == 1)


def test_the_one_handler_of_the_product_leaves_refusals_in_a_line():
    logs = copy.deepcopy(settings.LOGGING)

    assert logs["handlers"]["console"]["filters"] == ["refusals"]
    assert logs["loggers"]["django"]["handlers"] == []
