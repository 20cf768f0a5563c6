"""What a page complains about: the sentences beside its fields and in its notices."""

import re
from html import unescape

from tests.web.tags import tags

COMPLAINING = {"field-errors", "notice-danger", "notice-warning", "errorlist", "error-page"}
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
BESIDE_FIELDS = {"field-errors"}
_MAY_COMPLAIN = re.compile(rf"<[a-z][^<>]*\bclass=\"[^\"<>]*\b(?:{'|'.join(sorted(COMPLAINING))})\b")


def complaints(html: str, kinds: set[str] = COMPLAINING) -> set[str]:
    """Return the complaints of a page, each once."""
    found, at = set(), 0
    while begins := _MAY_COMPLAIN.search(html, at):
        words, at = _words_of(html, begins.start(), kinds)
        found.add(words)
    return found - {""}


def _words_of(html: str, begin: int, kinds: set[str]) -> tuple[str, int]:
    """The words within the element that begins there, and where it ends; none when it only looks like complaining."""
    depth, said, at = 0, [], begin
    for tag in tags(html, begin):
        if not depth and not kinds & set(tag.attributes.get("class", "").split()):
            return "", tag.ends_at
        said.append(html[at : tag.begins_at])
        at = tag.ends_at
        if tag.name not in VOID:
            depth += -1 if tag.is_end else 1
        if not depth:
            break
    return " ".join(unescape(" ".join(said)).split()), at
