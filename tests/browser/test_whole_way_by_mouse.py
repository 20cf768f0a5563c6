"""The whole way of one person and of one horse by mouse, from the phone call to the PDF in hand."""

import pytest

from tests.browser.looking import Mouse
from tests.browser.whole_way import HORSE, PERSON, WholeWay

pytestmark = pytest.mark.once


@pytest.mark.parametrize("patient", [PERSON, HORSE], ids=["person", "horse"])
def test_the_whole_way_by_mouse(look, worker, patient):
    way = WholeWay(look, Mouse, patient)

    way.take_the_call()
    way.arrive()
    way.prescribe()
    way.consent()
    way.record()
    way.book_the_next()
    way.sign()
    words = way.take_the_pdf()

    for expected in (patient.name, "Lidocaine", "LIDO-26", patient.region):
        assert expected in words
