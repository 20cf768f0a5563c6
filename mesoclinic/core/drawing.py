"""Draws the plain widgets as strings: a page of hundreds of fields spent most of its time in their tiny templates.

What comes out is what Django's templates give, letter by letter; a test holds the two together.
"""

from collections.abc import Callable, Iterable, Mapping
from html import escape
from typing import Any

from django.utils.formats import localize
from django.utils.safestring import SafeString

WIDGETS = "django/forms/widgets/"
INPUTS = (
    "checkbox",
    "date",
    "datetime",
    "email",
    "hidden",
    "input",
    "number",
    "password",
    "tel",
    "text",
    "time",
    "url",
)
OPTIONS = ("checkbox_option", "radio_option")


def draw(template_name: str, context: Mapping[str, Any]) -> str | None:
    """Draw a widget as its template would; None when it is none of the plain ones."""
    known = DRAWN.get(template_name)
    return known(context["widget"]) if known else None


def escaped(value: object) -> str:
    """Do what `conditional_escape` does, without looking at each word twice for what is lazy in it."""
    text = str(value)
    return text if isinstance(text, SafeString) else escape(text)


def _attrs(attrs: Mapping[str, Any]) -> str:
    drawn = ""
    for name, value in attrs.items():
        if value is True:
            drawn += f" {escaped(name)}"
        elif value is not False:
            drawn += f' {escaped(name)}="{escaped(value)}"'
    return drawn


def _input(widget: Mapping[str, Any]) -> str:
    value = "" if widget["value"] is None else f' value="{escaped(widget["value"])}"'
    head = f'<input type="{escaped(widget["type"])}" name="{escaped(widget["name"])}"'
    return f"{head}{value}{_attrs(widget['attrs'])}>"


def _option(widget: Mapping[str, Any]) -> str | None:
    return None if widget.get("wrap_label") else _input(widget)


def _textarea(widget: Mapping[str, Any]) -> str:
    words = escaped(widget["value"]) if widget["value"] else ""
    return f'<textarea name="{escaped(widget["name"])}"{_attrs(widget["attrs"])}>\n{words}</textarea>'


def _select(widget: Mapping[str, Any]) -> str:
    options = "".join(_group(name, group) for name, group, _index in widget["optgroups"])
    return f'<select name="{escaped(widget["name"])}"{_attrs(widget["attrs"])}>{options}\n</select>'


def _group(name: str | None, options: Iterable[Mapping[str, Any]]) -> str:
    drawn = "".join(
        f'\n  <option value="{escaped(one["value"])}"{_attrs(one["attrs"])}>'
        f"{escaped(localize(one['label']))}</option>\n"
        for one in options
    )
    if not name:
        return drawn
    return f'\n  <optgroup label="{escaped(localize(name))}">{drawn}\n  </optgroup>'


DRAWN: dict[str, Callable[[Mapping[str, Any]], str | None]] = {
    **{f"{WIDGETS}{name}.html": _input for name in INPUTS},
    **{f"{WIDGETS}{name}.html": _option for name in OPTIONS},
    f"{WIDGETS}select.html": _select,
    f"{WIDGETS}textarea.html": _textarea,
}
