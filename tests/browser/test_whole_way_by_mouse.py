"""The whole way of one person and of one horse by mouse, from the phone call to the PDF in hand."""

import pytest

from tests.browser.looking import Mouse
from tests.browser.whole_way import HORSE, PERSON, WholeWay

pytestmark = pytest.mark.once


@pytest.mark.parametrize("patient", [PERSON, HORSE], ids=["person", "horse"])
def test_the_whole_way_by_mouse(look, worker, patient):
    WholeWay(look, Mouse, patient).go()
