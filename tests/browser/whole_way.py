"""The whole way of a patient, from the phone call to the PDF in hand: the same steps by mouse and by keyboard alone.

A hand is `Mouse` or `Keyboard`; a patient is what is typed and chosen on the way.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO

from playwright.sync_api import Locator, Page, expect
from pypdf import PdfReader

from patients.models import Consent
from patients.services.shipped_texts import load_consent_texts
from tests.browser.clinic import open_clinic, stock
from tests.browser.looking import Keyboard, Looker, Mouse
from tests.factories import PASSWORD

Hand = type[Mouse] | type[Keyboard]


@dataclass(frozen=True)
class Patient:
    """Who calls, what they have, and what they are given. A patient with an owner is a horse."""

    name: str
    reason: str
    search: str
    protocol: str
    indication: str
    mix: tuple[tuple[str, str], ...]
    left_out: tuple[str, ...]
    region: str
    pain: tuple[str, str] | None = None
    owner: str = ""
    minutes: tuple[str, ...] = ()

    @property
    def consenter(self) -> str:
        return self.owner or self.name


PERSON = Patient(
    name="Mathilde Faure",
    reason="Low back pain for a year",
    search="chronic spinal lidocaine lysine",
    protocol="Take Chronic spinal pain: lidocaine",
    indication="Chronic spinal pain",
    mix=(("Lidocaine", "2"), ("Lysine acetylsalicylate", "1")),
    left_out=("Saline 0.9 %",),
    region="Lower back",
    pain=("7", "3"),
)
HORSE = Patient(
    name="Bellefleur",
    reason="Stiff back, bucks under the saddle",
    search="chronic four weekly",
    protocol="Take Chronic pain of animals: four weekly, review",
    indication="Back pain",
    mix=(("Lidocaine", "3"), ("Vitamin B12", "2")),
    left_out=(),
    region="Sacroiliac",
    owner="Hanna Vesely",
    minutes=("30", "15", "15", "15", "30", "30", "30"),
)


class WholeWay:
    """The desk, the practitioner and the manager of one clinic, each with the same kind of hand."""

    def __init__(self, look, hand: Hand, patient: Patient) -> None:
        world = open_clinic()
        load_consent_texts(clinic=world.clinic)
        stock(world.clinic, *(name for name, _ml in patient.mix))
        self.hand, self.patient = hand, patient
        healer = world.vet_user if patient.owner else world.doctor_user
        self.desk, self.healer, self.manager = (
            look(user, time_zone=world.zone) for user in (world.desk, healer, world.manager)
        )

    def go(self, *, after_the_call: Callable[[Looker], None] | None = None) -> None:
        """Go all of it, from the phone call to the PDF, which names the patient, what was given, its lot and where."""
        self.take_the_call()
        if after_the_call:
            after_the_call(self.desk)
        self.arrive()
        self.prescribe()
        self.consent()
        self.record()
        self.book_the_next()
        self.sign()
        words = self.take_the_pdf()
        for expected in (self.patient.name, "Lidocaine", "LIDO-26", self.patient.region):
            assert expected in words

    def see(self, looker: Looker, name: str) -> None:
        kind = "horse" if self.patient.owner else "person"
        looker.see(f"{kind}-{self.hand.__name__.lower()}-{name}")

    def take_the_call(self) -> None:
        page, patient = self.desk.go("/"), self.patient
        hand = self.hand(page)
        hand.press(page.get_by_role("link", name="New caller"))
        hand.write(page.get_by_label("Name", exact=True), patient.name)
        hand.write(page.get_by_label("Phone"), "+33 6 39 98 12 34")
        hand.write(page.get_by_label("Reason for the visit"), patient.reason)
        if patient.owner:  # whoever typed first and said then what it is about types nothing again
            hand.press(page.get_by_role("button", name="Horse", exact=True))
            expect(page.get_by_label("Name of the horse")).to_have_value(patient.name)
            expect(page.get_by_label("Phone")).to_have_value("+33 6 39 98 12 34")
            expect(page.get_by_label("Reason for the visit")).to_have_value(patient.reason)
            assert patient.name not in page.url
            hand.choose(page.get_by_role("combobox", name="Where"), "Oak")
            expect(page).to_have_url(re.compile("where=place-"))
            hand.write(page.get_by_label("Owner"), patient.owner)
        hand.take_first_time()
        self.see(self.desk, "1-new-caller")
        hand.press(page.get_by_role("button", name="Register and book"))
        expect(page.get_by_text(f"Booked: {patient.name}")).to_be_visible()
        if patient.owner:
            expect(page.get_by_text("Oakfield stables").first).to_be_visible()
        self.see(self.desk, "2-booked")

    def arrive(self) -> None:
        page = self.desk.page
        hand = self.hand(page)
        hand.press(page.get_by_role("link", name="Today").first)
        line = page.locator("li.line", has_text=self.patient.name).first
        hand.press(line.get_by_role("button", name="Arrived"))
        expect(page.locator("li.line", has_text=self.patient.name).first).to_contain_text("Arrived")
        self.see(self.desk, "3-arrived")

    def prescribe(self) -> None:
        page, patient = self.healer.go("/"), self.patient
        hand = self.hand(page)
        hand.press(page.get_by_role("link", name="Prescribe a course that begins now"))
        self._take_the_protocol(page, hand)
        expect(page.get_by_text("Session 1 is now")).to_be_visible()
        expect(page.get_by_text("No valid consent yet")).to_be_visible()
        hand.choose(page.get_by_label("Indication"), patient.indication)
        hand.write(page.get_by_label("In your own words"), "Stiff in the morning")
        hand.write(page.get_by_label("Tried before"), "Massage")
        hand.pick(page.get_by_label("Chiropractic"))
        self.see(self.healer, "4-prescribe")
        hand.press(page.get_by_role("button", name="Prescribe", exact=True))
        expect(page.get_by_text("The course is prescribed.")).to_be_visible()
        # The worker makes the plan; the page shows it by itself.
        expect(page.locator("#plan table tbody .num").first).to_be_visible(timeout=60_000)
        minutes = page.locator("#plan table tbody tr td:nth-child(4)").all_text_contents()
        assert tuple(minutes[: len(patient.minutes)]) == patient.minutes
        self.see(self.healer, "5-plan")

    def _take_the_protocol(self, page: Page, hand: Mouse | Keyboard) -> None:
        search = page.get_by_label("Find a protocol or a substance")
        expect(search).to_be_focused()
        words = self.patient.search.replace(" ", r"(\+|%20)")
        with page.expect_response(re.compile(rf"q={words}(&|$)")):  # not a letter less
            hand.write(search, self.patient.search)
        expect(page.locator(".htmx-request, .htmx-swapping, .htmx-settling")).to_have_count(0)
        hand.press(page.get_by_role("link", name=re.compile(f"^{re.escape(self.patient.protocol)}")))

    def consent(self) -> None:
        """A person signs on the practitioner's screen; an owner signed on paper, which is noted."""
        page, patient = self.healer.page, self.patient
        hand = self.hand(page)
        hand.press(page.get_by_role("link", name=re.compile(patient.name)).first)
        expect(page.get_by_text("No consent is noted yet.")).to_be_visible()
        if patient.owner:
            hand.press(self._consents(page).get_by_role("link", name="Add", exact=True))
            hand.choose(page.get_by_label("To what"), "Consent to mesotherapy")
            hand.choose(page.get_by_label("Given by"), patient.owner)
            hand.choose(page.get_by_label("As", exact=True), "Owner")
            hand.choose(page.get_by_label("How", exact=True), "On paper")
            self.see(self.healer, "6-consent")
            hand.press(page.get_by_role("button", name="Note the consent"))
        else:
            hand.press(page.get_by_role("link", name="Sign on screen"))
            hand.press(page.get_by_role("link", name="Read and sign Consent to mesotherapy").first)
            hand.sign(patient.name)
            self.see(self.healer, "6-consent")
            hand.press(page.get_by_role("button", name="I consent"))
        expect(self._consents(page).get_by_text(patient.consenter).first).to_be_visible()
        self.see(self.healer, "7-consented")
        given = Consent.objects.get()
        assert (given.patient.name, given.given_by_name) == (patient.name, patient.consenter)

    @staticmethod
    def _consents(page: Page) -> Locator:
        return page.locator("section.panel").filter(has=page.get_by_role("heading", name="Consents"))

    def record(self) -> None:
        page, patient = self.healer.page, self.patient
        hand = self.hand(page)
        hand.press(page.get_by_role("link", name="Record", exact=True))
        hand.press(page.get_by_role("button", name="Begin the record"))
        hand.pick(page.get_by_label("Nothing has changed"))
        if patient.pain:
            hand.pick(_step(page, "How it is before", patient.pain[0]))
        for name, ml in patient.mix:
            line = _given_line(page, name)
            hand.write(line.get_by_label("Drawn up (mL)"), ml)
            expect(line.get_by_label("Given (mL)")).to_have_value(ml)
            hand.pick(line.get_by_role("radio", name=re.compile(f"{name[:4].upper()}-26")))
        for name in patient.left_out:
            hand.press(_given_line(page, name).get_by_role("button", name="Remove this row"))
        hand.write(page.get_by_label("Shots in all"), "24")
        place = page.locator(".site-line").first
        hand.write(place.get_by_label("Region"), patient.region)
        hand.choose(place.get_by_label("Side"), "Left")
        hand.write(place.get_by_label("Points"), "24")
        if patient.pain:
            hand.pick(_step(page, "How it is after", patient.pain[1]))
        hand.press(page.get_by_role("button", name="45 s"))
        hand.write(page.get_by_label("Notes"), "Felt warm, walked out with a straight back.")
        # It saves itself; nobody pressed anything.
        expect(page.locator("[data-save-state]")).to_have_text(re.compile(r"^Saved \d\d:\d\d(?! [AP]M)"))
        expect(page.locator("#mix-check")).to_contain_text(f"{sum(int(ml) for _name, ml in patient.mix)} mL")
        self.see(self.healer, "8-record")
        hand.press(page.get_by_role("button", name="Done"))
        expect(page.get_by_text("Not signed yet")).to_be_visible()
        expect(page.get_by_text("Next: session 2")).to_be_visible()
        self.see(self.healer, "9-done")

    def book_the_next(self) -> None:
        page = self.desk.go("/")
        hand = self.hand(page)
        hand.find(self.patient.name[:5])
        expect(page.get_by_role("heading", name=re.compile(self.patient.name))).to_be_visible()
        hand.press(page.get_by_role("link", name="Book session 2"))
        expect(page.get_by_text("target day").first).to_be_visible()
        if self.patient.owner:
            expect(page.get_by_text("Free times of 15 minutes")).to_be_visible()
            where = page.get_by_role("combobox", name="Where").locator("option:checked")
            expect(where).to_contain_text("Oakfield stables")
        hand.take_first_time()
        self.see(self.desk, "10-next")
        hand.press(page.get_by_role("button", name="Book", exact=True))
        expect(page.get_by_text(f"Booked: {self.patient.name}")).to_be_visible()

    def sign(self) -> None:
        page = self.healer.page
        hand = self.hand(page)
        hand.press(page.get_by_role("button", name="Sign"))
        dialog = page.get_by_role("dialog", name="Sign this record?")
        hand.write(dialog.get_by_label("Your password"), PASSWORD)
        hand.press(dialog.get_by_role("button", name="Sign"))
        expect(page.get_by_text("Signed records are never changed")).to_be_visible()
        self.see(self.healer, "11-signed")

    def take_the_pdf(self) -> str:
        """Open the course's PDF by its link, as the manager; give its words."""
        page, name = self.manager.go("/"), self.patient.name
        hand = self.hand(page)
        hand.press(page.get_by_role("link", name="Reports").first)
        hand.press(page.get_by_role("row", name=re.compile(name)).get_by_role("link", name=name))
        expect(page.get_by_role("heading", name=name)).to_be_visible()
        self.see(self.manager, "12-report")
        file_name, pdf = self.manager.take_pdf(lambda: hand.press(page.get_by_role("link", name="Open as PDF")))
        assert name.split()[0] in file_name
        assert pdf.startswith(b"%PDF-")
        return " ".join(sheet.extract_text() for sheet in PdfReader(BytesIO(pdf)).pages)


def _given_line(page: Page, name: str) -> Locator:
    own_name = page.locator(".given-line-name", has_text=re.compile(rf"^\s*{re.escape(name)}\s*$"))
    return page.locator("[data-row]").filter(has=own_name)


def _step(page: Page, section: str, step: str) -> Locator:
    steps = page.get_by_role("region", name=section).get_by_role("group", name=re.compile("Pain, 0 to 10"))
    return steps.get_by_role("radio", name=step, exact=True)
