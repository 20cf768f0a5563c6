"""What a page complains about: the sentences beside its fields and in its notices."""

from html.parser import HTMLParser

COMPLAINING = {"field-errors", "notice-danger", "notice-warning", "errorlist", "error-page"}
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.depth = 0
        self.words: list[str] = []
        self.found: set[str] = set()

    def handle_starttag(self, tag, attrs):
        if tag in VOID:
            return
        if self.depth:
            self.depth += 1
        elif COMPLAINING & set(dict(attrs).get("class", "").split() if dict(attrs).get("class") else ()):
            self.depth, self.words = 1, []

    def handle_endtag(self, tag):
        if self.depth and tag not in VOID:
            self.depth -= 1
            if not self.depth:
                self.found.add(" ".join(" ".join(self.words).split()))

    def handle_data(self, data):
        if self.depth:
            self.words.append(data)


def complaints(html: str) -> set[str]:
    """Return the complaints of a page, each once."""
    if not any(name in html for name in COMPLAINING):
        return set()
    reader = _Reader()
    reader.feed(html)
    return reader.found - {""}
