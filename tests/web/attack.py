"""Find every form of every page, fill it as a person would, and send it with what hurts. Nothing here knows a URL."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from urllib.parse import parse_qsl, quote_from_bytes, quote_plus, urljoin, urlsplit

from django.contrib import messages
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import Resolver404, resolve

from mesoclinic.core.file_answers import PDF
from mesoclinic.core.roles import Role
from tests.factories import make_practitioner, make_user
from tests.web.footprints import Footprints, footprints, keep_all, kept_rows
from tests.web.hostile import Control, PageForm, forms_of, path_of
from tests.web.hostile_values import Upload, Value, usual_values
from tests.web.page_words import BESIDE_FIELDS, complaints
from tests.web.rights import Row, World

Pairs = list[tuple[str, Value]]
AS_A_FORM = {"content_type": "application/x-www-form-urlencoded"}
BOUNDARY = b"----between-two-parts"
MOST_ROUNDS = 6
NOT_OURS = ("account_", "mfa_", "usersessions", "set_language")


@dataclass
class Target:
    """A form as one browser sees it: the view it is sent to, and a filling that is as good as could be found."""

    view: str
    action: str
    page: str
    form: PageForm
    browser: Client
    said_before: set[str] = field(default_factory=set)
    known: dict[str, Value] = field(default_factory=dict)  # what nobody reads from the page
    good: Pairs = field(default_factory=list)
    is_accepted: bool = False

    @cached_property
    def controls(self) -> list[Control]:
        """The first control of each name; of the rows of a list only those of the last, which a person adds."""
        first = {control.name: control for control in reversed(self.form.controls)}
        last: dict[str, int] = {}
        for name in first:
            rows, number = _row_of(name)
            last[rows] = max(number, last.get(rows, 0))
        kept = [name for name in self.form.names if last[_row_of(name)[0]] == _row_of(name)[1]]
        return [first[name] for name in kept]

    @cached_property
    def typed(self) -> list[Control]:
        """What somebody sees and fills in."""
        unseen = ("hidden", "submit")
        return [one for one in self.controls if one.type not in unseen and not one.name.endswith(("-DELETE", "-ORDER"))]

    def take_over(self, more: list[Control]) -> None:
        """Have these controls too, as the page that asked for them has."""
        self.form = replace(self.form, controls=[*self.form.controls, *more])
        for known in ("controls", "typed"):
            self.__dict__.pop(known, None)

    def complaints(self, answer: "Answer") -> set[str]:
        """What the answer complains about that the page did not before."""
        return complaints(answer.text) - self.said_before

    def is_marked(self, answer: "Answer") -> bool:
        """Say whether the answer marks a control as wrong, or says what is wrong beside a field."""
        return bool(wrong_names(answer.text, self) or complaints(answer.text, BESIDE_FIELDS))

    def asks_back(self, answer: "Answer") -> bool:
        """Say whether the answer wants to have something confirmed."""
        return bool(_asked_back(self, answer))

    def is_saved(self, answer: "Answer") -> bool:
        """Sent on without a word of blame, or with a warning of what the change brings; or a page that shows what was
        made, as a new password.
        """
        if answer.fault or answer.status >= 400:
            return False
        if answer.is_sent_on:
            return answer.scolds < messages.WARNING or (answer.scolds < messages.ERROR and bool(answer.left))
        return bool(answer.left) and not self.complaints(answer)

    def filled(self, changes: dict[str, list[Value]]) -> Pairs:
        """The good filling with other values under some names; an empty list leaves the name out."""
        kept = [(name, value) for name, value in self.good if name not in changes]
        return kept + [(name, value) for name, values in changes.items() for value in values]


def _row_of(name: str) -> tuple[str, int]:
    """Split off the list a name belongs to, and its row there."""
    found = re.match(r"(.*)-(\d+)-", name)
    return (found[1], int(found[2])) if found else ("", 0)


@dataclass
class Answer:
    """What came back, what it said, and what it left in the database; all of it is undone by now."""

    response: HttpResponse | None = None
    fault: str = ""
    left: Footprints = field(default_factory=Footprints)
    scolds: int = 0  # the worst level of what it says on the next page

    @property
    def status(self) -> int:
        return self.response.status_code if self.response is not None else 500

    @property
    def is_sent_on(self) -> bool:
        return self.status in (301, 302, 303)

    @property
    def text(self) -> str:
        if self.response is None or self.response.streaming or self.response["Content-Type"] == PDF:
            return ""
        return self.response.content.decode()


def send(browser: Client, address: str, pairs: Pairs, **headers) -> Answer:
    """Post as a browser does, look at what was stored, and undo it."""
    body, how = as_body(pairs)
    with transaction.atomic():
        answer = Answer()
        try:
            with transaction.atomic(), footprints() as left:
                answer.response = browser.post(address, body, **how, headers=headers)
            answer.left = left
            if left.tables and answer.status < 500:
                left.look()
                connection.check_constraints()
        except Exception as error:
            answer.fault = f"{type(error).__name__}: {error}"[:300]
        transaction.set_rollback(True)
    if answer.response is not None:
        said = getattr(answer.response.wsgi_request, "_messages", None)
        answer.scolds = max((one.level for one in getattr(said, "_queued_messages", ())), default=0)
        if answer.status >= 500:
            answer.fault = answer.fault or f"status {answer.status}"
    return answer


def send_twice(target: Target) -> tuple[HttpResponse, dict[str, int]]:
    """Send the good filling, and again: return the second answer, and how many rows it added to which table."""
    body, how = as_body([*target.good, ("csrfmiddlewaretoken", target.form.token)])
    with transaction.atomic():
        with footprints() as first:
            target.browser.post(target.action, body, **how)
        between = first.rows_now()
        with footprints() as second:
            response = target.browser.post(target.action, body, **how)
        after = second.rows_now()
        transaction.set_rollback(True)
    added = {table: len(rows.keys() - between.get(table, kept_rows(table)).keys()) for table, rows in after.items()}
    return response, {table: count for table, count in added.items() if count}


def as_body(pairs: Pairs) -> tuple[bytes, dict[str, str]]:
    """What a browser sends, and as what: in parts where a file was chosen."""
    if not any(isinstance(value, Upload) for _name, value in pairs):
        return "&".join(f"{quote_plus(name)}={_quoted(value)}" for name, value in pairs).encode(), AS_A_FORM
    body = b"".join(b"--%s\r\n%s\r\n" % (BOUNDARY, _part(name, value)) for name, value in pairs)
    return body + b"--%s--\r\n" % BOUNDARY, {"content_type": f"multipart/form-data; boundary={BOUNDARY.decode()}"}


def _part(name: str, value: Value) -> bytes:
    head = f'Content-Disposition: form-data; name="{name}"'
    if isinstance(value, Upload):
        head += f'; filename="{value.name.replace(chr(34), "%22")}"\r\nContent-Type: text/csv'
    return b"%s\r\n\r\n%s" % (head.encode(), value if isinstance(value, bytes) else value.encode())


def _quoted(value: Value) -> str:
    return quote_from_bytes(value) if isinstance(value, bytes) else quote_plus(value)


class Stage:
    """Two clinics with every row's object. `targets` are the forms found, by the view they are sent to."""

    def __init__(self, rows: dict[str, Row]) -> None:
        self.rows = rows
        self.own, self.foreign = World(), World()
        self.targets: dict[str, list[Target]] = {}
        self.foreign_choices: dict[tuple[str, str], set[str]] = {}
        self.urls = {name: row.address(name, self.own) for name, row in rows.items()}
        self._seen: set[tuple] = set()
        self.everybody, others = everybody(self.own), everybody(self.foreign)
        for target in crawl(others, [row.address(name, self.foreign) for name, row in rows.items()]):
            for control in target.form.controls:
                self.foreign_choices.setdefault((target.view, control.name), set()).update(control.choices)
        self._keep(crawl(self.everybody, self.urls.values()))
        with_forms = {target.page for targets in self.targets.values() for target in targets}
        for user in self.own.users.values():
            self._keep(crawl(_signed_in(user), sorted(with_forms), deep=False))
        keep_all()
        for target in (one for targets in self.targets.values() for one in targets):
            if target.view in rows:
                target.known = rows[target.view].typed(self.own)
            fill(target)

    def _keep(self, targets: Iterable[Target]) -> None:
        for target in targets:
            names = () if target.form.is_preview else sorted(control.name for control in target.typed)
            key = (target.view, target.form.is_preview, *names)
            if key not in self._seen:
                self._seen.add(key)
                self.targets.setdefault(target.view, []).append(target)

    def choices_of_others(self, target: Target, control: Control) -> list[str]:
        """What the other clinic's page offers in this field, and ours does not."""
        own = {choice for one in target.form.of(control.name) for choice in one.choices}
        return sorted(self.foreign_choices.get((target.view, control.name), set()) - own)[:2]


def everybody(world: World) -> Client:
    """A browser of somebody with every role."""
    user = make_user(world.clinic, *Role)
    make_practitioner(world.clinic, user=user)
    return _signed_in(user)


def _signed_in(user) -> Client:
    browser = Client()
    browser.force_login(user)
    return browser


def crawl(browser: Client, urls: Iterable[str], *, deep: bool = True) -> Iterator[Target]:
    """Open the pages, then those they lead to with words in the address: a form may need them to be shown at all."""
    asked, waiting = set(), list(urls)
    while waiting:
        url = waiting.pop(0)
        key = _kind_of(url)
        if key is None or key in asked:
            continue
        asked.add(key)
        with transaction.atomic():
            response = browser.get(url)
            transaction.set_rollback(True)
        if response.status_code != 200 or not response.get("Content-Type", "").startswith("text/html"):
            continue
        html = response.content.decode()
        for form in forms_of(html, url):
            view = _view_of(form.action)
            if view is not None and not view.startswith(NOT_OURS):
                yield Target(view, path_of(form.action), url, with_rows(form), browser, complaints(html))
        if deep:
            waiting += [urljoin(url, link) for link in links_of(html) if "?" in link]


def _view_of(address: str) -> str | None:
    try:
        return resolve(urlsplit(address).path).view_name
    except Resolver404:
        return None


def _kind_of(url: str) -> tuple | None:
    """Which sort of page an address names: its view, its words, and what chooses another form."""
    parts = urlsplit(url)
    try:
        match = resolve(parts.path)
    except Resolver404:
        return None
    slugs = tuple(str(value) for value in match.kwargs.values() if isinstance(value, str))
    return match.view_name, slugs, tuple(sorted({name for name, _value in parse_qsl(parts.query)}))


def links_of(html: str) -> list[str]:
    """The addresses a page links to, within the house."""
    found = [part.partition('"')[0] for part in html.split(' href="')[1:]]
    return [one.replace("&amp;", "&") for one in found if one.startswith(("/", "?")) and not one.startswith("//")]


def with_rows(form: PageForm) -> PageForm:
    """The form after its buttons added a row to each of its lists."""
    controls = list(form.controls)
    for counter in [one for one in form.controls if one.name.endswith("-TOTAL_FORMS") and one.value.isdecimal()]:
        prefix = counter.name.removesuffix("TOTAL_FORMS")
        added = [one for one in form.templated if one.name.startswith(f"{prefix}__prefix__")]
        if not added:
            continue
        names = {one.name: one.name.replace("__prefix__", counter.value) for one in added}
        controls += [replace(one, name=names[one.name]) for one in added]
        controls[controls.index(counter)] = replace(counter, value=str(int(counter.value) + 1))
    return replace(form, controls=controls)


def fill(target: Target) -> None:
    """Fill in what has to be, then what the page asks for, until it is accepted or nothing more can be tried."""
    choice = {control.name: 0 for control in target.controls if _must_be_filled(target, control)}
    for _round in range(MOST_ROUNDS):
        target.good = _filling(target, choice)
        answer = send(target.browser, target.action, target.good)
        target.is_accepted = target.is_saved(answer)
        target.form.is_preview |= not answer.left and answer.status == 200 and not target.complaints(answer)
        if target.is_accepted or target.form.is_preview or not answer.text:
            return
        wrong = sorted(wrong_names(answer.text, target))
        if not wrong and (asked := _asked_back(target, answer)):
            target.take_over(asked)
            continue
        wrong = wrong or _not_marked(target)
        if not wrong:
            return
        for name in wrong:
            choice[name] = choice.get(name, -1) + 1


def _asked_back(target: Target, answer: Answer) -> list[Control]:
    """What the answer wants to have confirmed: hidden fields the page did not have, as the mark of what it warns of."""
    hidden = [one for form in same_forms(answer.text, target) for one in form.controls if one.type == "hidden"]
    return [one for one in hidden if one.name not in (*target.form.names, "csrfmiddlewaretoken")]


def _not_marked(target: Target) -> list[str]:
    """What to change where the answer marks no field: what nothing was chosen of, else the first words typed."""
    blank = [one for one in target.typed if not _given(target, one)]
    of_several = [one.name for one in blank if one.type == "checkbox" and one.value not in ("", "on")]
    unchosen = [one.name for one in blank if one.type in ("radio", "select")] or of_several
    return unchosen or [one.name for one in target.typed if one.type == "text"][:1]


def _must_be_filled(target: Target, control: Control) -> bool:
    return (
        control.type != "hidden" and (control.is_required or control.type == "password") and not _given(target, control)
    )


def _given(target: Target, control: Control) -> bool:
    return any(one.is_sent and one.value for one in target.form.of(control.name))


def _filling(target: Target, choice: dict[str, int]) -> Pairs:
    chosen = {}
    for control in target.controls:
        if control.name in choice:
            all_choices = [one for same in target.form.of(control.name) for one in same.choices]
            usual = list(usual_values(replace(control, choices=all_choices)))
            chosen[control.name] = [usual[choice[control.name] % len(usual)]] if usual else []
    known = {name: [value] for name, value in target.known.items() if name in choice}
    sent = {**target.form.data, **chosen, **known}
    return [(name, value) for name, values in sent.items() for value in values]


def wrong_names(html: str, target: Target) -> set[str]:
    """The fields the answer marks as wrong."""
    return {one.name for form in same_forms(html, target) for one in form.controls if one.is_wrong}


def same_forms(html: str, target: Target) -> list[PageForm]:
    """The same form as the answer shows it again."""
    path = urlsplit(target.action).path
    forms = [form for form in forms_of(html, target.action) if not form.is_preview]
    same = [form for form in forms if urlsplit(form.action).path == path]
    names = {control.name for control in target.typed}
    fitting = [form for form in same if names & set(form.names)]
    return fitting or [form for form in forms if names and names <= set(form.names)]
