"""A window of the browser and somebody who looks at it: signed in, listening for faults, testing with axe."""

import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path

import axe_playwright_python
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Response, Route, expect

from mesoclinic.core.models import User

DESKTOP, TABLET, PHONE = (1280, 900), (768, 1024), (390, 844)
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
# The calendar's library draws a table whose cells hold articles that are buttons: those roles are its own, and no other
# rule is spared, in the calendar or elsewhere.
AXE_RUN = """
async ({only}) => {
    const ownRoles = ["aria-allowed-role", "aria-required-children", "aria-required-parent"];
    const isOwn = (found, node) =>
        ownRoles.includes(found.id) && document.querySelector(node.target[0])?.closest("#calendar .ec");
    const answer = await axe.run(
        document,
        {resultTypes: ["violations"], ...(only ? {runOnly: {type: "rule", values: only}} : {})});
    return answer.violations.flatMap((found) => found.nodes.filter((node) => !isOwn(found, node)).map((node) =>
        `${found.id}: ${found.help} | ${node.target.join(" ")} | ${node.html.slice(0, 160)} | `
        + node.any.concat(node.all, node.none).map((check) => check.message).join("; ").slice(0, 200)));
}
"""
HEAR_CSP = """
document.addEventListener("securitypolicyviolation", (event) =>
    console.error(`CSP: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`));
"""
# Two frames begin every change of colour there is to come; then each is over, or so many rounds of them are.
DRAWN = """
async () => {
    const frame = () => new Promise((next) => requestAnimationFrame(next));
    for (let round = 0; round < 20; round++) {
        await frame();
        await frame();
        const changing = document.getAnimations().filter((one) => one instanceof CSSTransition);
        if (!changing.length) return "";
        changing.forEach((one) => one.finish());
    }
    return document.getAnimations().map((one) => one.transitionProperty + " " + one.effect.target.outerHTML.slice(0, 200)).join("; ");
}
"""
# What htmx says of a request that was on its way when the page was left; a real failure is also told by the browser.
LEFT_PAGE = re.compile(r"^error: htmx:(afterRequest|sendError|sendAbort)")
PDF = re.compile(r"\.pdf(\?|$)")
SHOTS = os.environ.get("BROWSER_SHOTS", "")


def slug(words: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")[:80]


class Looker:
    """Somebody at a screen. `faults` is everything that must never be heard: it is asserted empty at the end."""

    def __init__(
        self,
        browser: Browser,
        address: str,
        user: User | None = None,
        *,
        size: tuple[int, int] = DESKTOP,
        dark: bool = False,
        time_zone: str = "UTC",
        scripts: bool = True,
    ) -> None:
        self.address, self.user = address, user
        self.faults: list[str] = []
        self.expected: list[re.Pattern] = [LEFT_PAGE]
        self.context = browser.new_context(
            base_url=address,
            storage_state=signed_in_state(user, address) if user else None,
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if dark else "light",
            timezone_id=time_zone,
            java_script_enabled=scripts,
            locale="en-GB",
            reduced_motion="reduce",
            has_touch=size != DESKTOP,
            accept_downloads=True,
        )
        self.context.set_default_timeout(20_000)
        self.context.set_default_navigation_timeout(40_000)
        self.context.add_init_script(HEAR_CSP)
        self.page = self.new_page()

    def new_page(self) -> Page:
        page = self.context.new_page()
        page.on("console", self._console)
        page.on("pageerror", lambda error: self._fault(f"script error: {error}"))
        page.on("response", self._response)
        return page

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self._fault(f"{message.type}: {message.text} {message.location.get('url', '')}")

    def _response(self, response: Response) -> None:
        if response.status >= 500:
            self._fault(f"{response.status} {response.url}")

    def _fault(self, words: str) -> None:
        if not any(pattern.search(words) for pattern in self.expected):
            self.faults.append(words)

    def expect_fault(self, pattern: str) -> None:
        """Let what matches pass: a refusal the test asks for is written to the console by the browser itself."""
        self.expected.append(re.compile(pattern))

    def go(self, path: str) -> Page:
        self.page.goto(path)
        return self.page

    def turn(self, color_scheme: str) -> None:
        """Let the system the browser runs on be "light" or "dark", and wait until the page is drawn in it."""
        self.page.emulate_media(color_scheme=color_scheme)
        changing = self.page.evaluate(DRAWN)
        assert not changing, changing

    def violations(self, *only: str) -> list[str]:
        """Return what axe says against the page as it is now, all rules or only those named."""
        if not self.page.evaluate("() => Boolean(window.axe)"):
            self.page.evaluate(AXE)
        return self.page.evaluate(AXE_RUN, {"only": list(only) or None})

    def take_pdf(self, press: Callable[[], None]) -> tuple[str, bytes]:
        """Press what leads to a PDF; give its name and its bytes.

        A browser with a viewer of its own shows no bytes to anybody, so it is told to keep the file: all else of the
        request is the browser's, and of the answer the server's.
        """

        def keep(route: Route) -> None:
            answer = route.fetch()
            assert (answer.status, answer.headers["content-type"]) == (200, "application/pdf")
            named = answer.headers["content-disposition"].replace("inline", "attachment")
            route.fulfill(response=answer, headers={**answer.headers, "content-disposition": named})

        self.page.route(PDF, keep)
        with self.page.expect_download() as taken:
            press()
        self.page.unroute(PDF)
        return taken.value.suggested_filename, taken.value.path().read_bytes()

    def see(self, name: str) -> None:
        """Keep a picture of the whole page where BROWSER_SHOTS names a folder; else do nothing."""
        if SHOTS:
            Path(SHOTS).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True, caret="initial")

    def keep(self, path: Path) -> None:
        for number, page in enumerate(self.context.pages):
            page.screenshot(path=path.with_stem(f"{path.stem}-{number}"), full_page=True, timeout=10_000)


def assert_silent(lookers: Iterable[Looker]) -> None:
    """Fail with everything that was heard and should not have been."""
    faults = [fault for looker in lookers for fault in looker.faults]
    assert not faults, "\n".join(faults)


def signed_in_state(user: User, address: str) -> dict:
    """Return the stored sign-in of a user, as the server would have left it in the browser."""
    client = Client()
    client.force_login(user, backend="mesoclinic.core.accounts.AuthenticationBackend")
    domain = address.removeprefix("http://").split(":")[0]
    name = settings.SESSION_COOKIE_NAME
    cookie = {"name": name, "value": client.cookies[name].value, "domain": domain, "path": "/"}
    return {"cookies": [{**cookie, "expires": -1, "httpOnly": True, "secure": False, "sameSite": "Lax"}], "origins": []}


class Keyboard:
    """Somebody without a mouse: reaches things by Tab alone and uses them by keys alone."""

    def __init__(self, page: Page) -> None:
        self.page, self.keys = page, page.keyboard

    def reach(self, target: Locator, *, most: int = 250) -> None:
        """Press Tab until the focus is on the target and is shown; fail when it never comes there."""
        expect(target).to_be_attached()
        for _ in range(most):  # the target is looked for each time: a page may have drawn it anew under the hand
            shown = target.evaluate("one => one === document.activeElement ? one.matches(':focus-visible') : null")
            if shown is not None:
                assert shown, f"no focus is seen on {target}"
                return
            self.keys.press("Tab")
        raise AssertionError(f"{target} was not reached by Tab; the focus is on {self.focus()}")

    def focus(self) -> str:
        return self.page.evaluate("() => document.activeElement?.outerHTML.slice(0, 200)")

    def press(self, target: Locator, key: str = "Enter") -> None:
        self.reach(target)
        self.keys.press(key)

    def write(self, target: Locator, text: str) -> None:
        self.reach(target)
        self.keys.press("Control+a")
        self.keys.type(text)

    def choose(self, target: Locator, text: str) -> None:
        """Choose an option of a select by typing how it begins."""
        self.reach(target)
        self.keys.type(text)

    def find(self, text: str) -> None:
        """Find a patient from anywhere: the key, the name, down to the first line, Enter."""
        self.keys.press("/")
        self.keys.type(text)
        expect(self.page.locator("#global-hits .hit").first).to_be_visible()
        self.keys.press("ArrowDown")
        expect(self.page.locator("#global-hits .hit").first).to_be_focused()
        self.keys.press("Enter")

    def pick(self, target: Locator) -> None:
        """Tick a box, or take one of several: Tab comes to the first or the taken one, arrows go from there."""
        if target.get_attribute("type") == "radio":
            group = self.page.locator(f"input[type=radio][name='{target.get_attribute('name')}']")
            taken = group.and_(self.page.locator(":checked"))
            self.reach(taken if taken.count() else group.first)
            for _ in range(group.count()):
                if target.evaluate("one => one === document.activeElement"):
                    break
                self.keys.press("ArrowRight")
        else:
            self.reach(target)
        if not target.is_checked():
            self.keys.press("Space")
        expect(target).to_be_checked()

    def take_first_time(self) -> None:
        """Take the first free time of a day that is open."""
        times = self.page.locator("#free-times input[name=slot]:not([value=other])")
        expect(times.first).to_be_attached()
        self.pick(times.and_(self.page.locator(":visible")).first)

    def sign(self, name: str) -> None:
        """Type the name where others draw it."""
        self.write(self.page.get_by_label("Or type your name instead"), name)


class Mouse:
    """Somebody who clicks: the same deeds as by keyboard. Only words are typed, into what was clicked."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, target: Locator) -> None:
        target.click()

    def write(self, target: Locator, text: str) -> None:
        target.click()
        target.fill(text)

    def choose(self, target: Locator, text: str) -> None:
        """Choose the first option of a select that begins like this."""
        begins = target.locator("option").filter(has_text=re.compile(rf"^\s*{re.escape(text)}"))
        target.select_option(value=begins.first.get_attribute("value"))

    def pick(self, target: Locator) -> None:
        """Tick a box or take one of several: by its words, as the box itself may be no bigger than a dot."""
        expect(target).to_be_attached()
        target.evaluate_handle("one => one.labels[0]").as_element().click()
        expect(target).to_be_checked()

    def find(self, text: str) -> None:
        """Find a patient from anywhere: the box, the name, the first line."""
        self.write(self.page.locator("#global-search"), text)
        self.page.locator("#global-hits .hit").first.click()

    def take_first_time(self) -> None:
        """Take the first free time shown; where the days are folded, of the first day that has one."""
        times = self.page.locator("#free-times input[name=slot]:not([value=other])")
        expect(times.first).to_be_attached()
        if not times.first.is_visible():
            self.press(self.page.locator("#free-times details.times-day:has(.time) > summary").first)
        self.pick(times.first)

    def sign(self, _name: str) -> None:
        """Draw a signature into the box."""
        pad = self.page.locator("[data-signature-pad]")
        pad.scroll_into_view_if_needed()
        box = pad.bounding_box()
        self.page.mouse.move(box["x"] + 60, box["y"] + box["height"] / 2)
        self.page.mouse.down()
        for n in range(1, 12):
            self.page.mouse.move(box["x"] + 60 + 30 * n, box["y"] + box["height"] / 2 + (30 if n % 2 else -30), steps=4)
        self.page.mouse.up()
