"""What a browser's forms would send, and what an attacker sends instead: forms read from a page, values that hurt."""

from dataclasses import dataclass, field, replace
from functools import lru_cache
from html import unescape
from urllib.parse import urljoin, urlsplit

from tests.web.tags import Tag, tags

TEXT_TYPES = {"text", "search", "tel", "email", "url", "number", "date", "time", "datetime-local", "password"}
NEVER_SENT = {"submit", "button", "image", "reset"}


@dataclass
class Control:
    """One control of a form: its name, kind (`text`, `hidden`, `select`, `tick`, `area`), value and choices."""

    name: str
    kind: str
    value: str = ""
    choices: list[str] = field(default_factory=list)
    is_sent: bool = True
    type: str = "text"
    mode: str = ""
    is_required: bool = False
    is_wrong: bool = False


@dataclass
class PageForm:
    """A form of a page: where it sends, how, and its controls. Buttons that send elsewhere are forms of their own."""

    action: str
    method: str
    controls: list[Control] = field(default_factory=list)
    buttons: list[dict[str, str]] = field(default_factory=list)
    templated: list[Control] = field(default_factory=list)  # of rows that a script or a button may still add
    previews: list[str] = field(default_factory=list)  # where parts of it are sent while somebody types
    is_preview: bool = False
    token: str = ""  # against forged requests; each page draws its own

    @property
    def data(self) -> dict[str, list[str]]:
        """What a click would send."""
        sent: dict[str, list[str]] = {}
        for control in self.controls:
            if control.is_sent and control.name != "csrfmiddlewaretoken":
                sent.setdefault(control.name, []).append(control.value)
        return sent

    @property
    def names(self) -> list[str]:
        known = dict.fromkeys(control.name for control in self.controls)
        return [name for name in known if name != "csrfmiddlewaretoken"]

    def values_of(self, name: str) -> list[str]:
        return [control.value for control in self.controls if control.name == name]

    def kind_of(self, name: str) -> str:
        return next(control.kind for control in self.controls if control.name == name)

    def of(self, name: str) -> list[Control]:
        return [control for control in self.controls if control.name == name]


class _Reader:
    def __init__(self, html: str, address: str) -> None:
        self.html, self.address, self.forms, self.by_id = html, address, [], {}
        self.orphans: list[tuple[str, PageForm | None, Control | dict]] = []
        self.form: PageForm | None = None
        self.select: Control | None = None
        self.area: Control | None = None
        self.area_at = 0
        self.is_template = False

    def read(self) -> None:
        for tag in tags(self.html):
            if tag.is_end:
                self._end(tag)
                continue
            draw = DRAWN.get(tag.name)
            if draw or "hx-post" in tag.written:
                has = tag.attributes
                if has.get("hx-post") and self.form is not None:
                    self.form.previews.append(urljoin(self.address, has["hx-post"]))
                if draw:
                    draw(self, has)
                    self.area_at = tag.ends_at
        self._sort()

    def _end(self, tag: Tag) -> None:
        if tag.name == "form":
            self.form = None
        elif tag.name == "template":
            self.is_template = False
        elif tag.name == "select":
            self.select = None
        elif tag.name == "textarea" and self.area is not None:
            self.area.value = unescape(self.html[self.area_at : tag.begins_at]).removeprefix("\n")
            self.area = None

    def _form(self, has):
        self.form = PageForm(urljoin(self.address, has.get("action") or self.address), has.get("method", "get").lower())
        self.forms.append(self.form)
        if "id" in has:
            self.by_id[has["id"]] = self.form

    def _template(self, has):
        self.is_template = True

    def _put(self, has, control: Control) -> None:
        control.type, control.mode = has.get("type", control.kind).lower(), has.get("inputmode", "")
        control.is_required, control.is_wrong = "required" in has, has.get("aria-invalid") == "true"
        if self.is_template and self.form is not None:
            self.form.templated.append(control)
        elif control.name and "disabled" not in has:
            self.orphans.append((has.get("form", ""), self.form, control))

    def _input(self, has):
        kind = has.get("type", "text").lower()
        if kind in NEVER_SENT:
            if kind == "submit":
                self._button({**has, "type": "submit"})
            return
        value = has.get("value", "on" if kind in ("checkbox", "radio") else "")
        if kind in ("checkbox", "radio"):
            self._put(has, Control(has.get("name", ""), "tick", value, [value], "checked" in has))
        else:
            kind = "text" if kind in TEXT_TYPES else kind
            self._put(has, Control(has.get("name", ""), kind, value, is_sent=kind != "file"))

    def _select(self, has):
        self.select = Control(has.get("name", ""), "select", "", [], is_sent="multiple" not in has)
        self._put(has, self.select)

    def _option(self, has):
        if self.select is not None:
            value = has.get("value", "")
            if "selected" in has or not self.select.choices:
                self.select.value = value
                self.select.is_sent = self.select.is_sent or "selected" in has
            self.select.choices.append(value)

    def _textarea(self, has):
        self.area = Control(has.get("name", ""), "area")
        self._put(has, self.area)

    def _button(self, has):
        if has.get("type", "submit") == "submit" and not self.is_template:
            self.orphans.append((has.get("form", ""), self.form, has))

    def _sort(self) -> None:
        for form_id, around, what in self.orphans:
            form = self.by_id.get(form_id, around)
            if form is None:
                continue
            (form.controls if isinstance(what, Control) else form.buttons).append(what)


DRAWN = {
    name: getattr(_Reader, f"_{name}")
    for name in ("form", "template", "input", "select", "option", "textarea", "button")
}


@lru_cache(maxsize=4)  # an answer is looked at for what it marks as wrong, then for what it lost
def forms_of(html: str, address: str) -> list[PageForm]:
    """Read the forms of a page that POST, one for each address a button of theirs sends to. They are not to be changed."""
    reader = _Reader(html, address)
    reader.read()
    found: list[PageForm] = []
    for form in reader.forms:
        targets: dict[str, list[dict[str, str]]] = {}
        for has in form.buttons:
            targets.setdefault(urljoin(address, has.get("formaction", "") or form.action), []).append(has)
        how = {has.get("formmethod", form.method).lower() for has in form.buttons} or {form.method}
        if "post" in how:
            for target, buttons in sorted(targets.items() or [(form.action, [])]):
                controls = [*form.controls, *_pressed(buttons)]
                tokens = [one.value for one in form.controls if one.name == "csrfmiddlewaretoken"]
                found.append(PageForm(target, "post", controls, templated=form.templated, token="".join(tokens)))
        found += [
            PageForm(target, "post", form.controls, templated=form.templated, is_preview=True)
            for target in dict.fromkeys(form.previews)
        ]
    return found


def _pressed(buttons: list[dict[str, str]]) -> list[Control]:
    """Give the buttons that have names: a click sends one, the first of the form where none is without a name."""
    values: dict[str, list[str]] = {}
    for has in buttons:
        values.setdefault(has.get("name", ""), []).append(has.get("value", ""))
    is_sent = "" not in values
    found = [Control(name, "select", own[0], own, is_sent, type="submit") for name, own in values.items() if name]
    return [replace(one, is_sent=one.is_sent and one is found[0]) for one in found]


def path_of(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
