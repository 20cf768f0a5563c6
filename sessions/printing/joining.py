"""One long PDF out of many of ours, a part at a time: pages, bookmarks and the tags by which they are read aloud. Pure.

A library that holds all parts until the last takes memory with each, and reading every object of a tagged part takes
longer than setting it; this writes each part's objects as they stand, numbered anew: the objects, the places of pages
in the structure, the names of table heads. It reads what typst writes: one plain table of cross-references, no object
streams. Source: ISO 32000-1, 7.5.7 (object streams), 7.5.8 (cross-reference streams), 12.3.3 (outlines), 14.7
(logical structure), 12.2 (viewer preferences), 14.3.2 (metadata streams); ISO 14289-1, 5 and 7.1 (the title is shown).
"""

import re
import zlib
from collections.abc import Iterable, Iterator
from typing import IO, Any
from xml.sax.saxutils import escape

from pypdf import PdfReader
from pypdf.generic import DictionaryObject

PAGES, STRUCTURE, DOCUMENT, OUTLINES, CATALOG, METADATA = (
    1,
    2,
    3,
    4,
    5,
    6,
)  # the objects of the whole; those of the parts follow
TOKEN = re.compile(
    rb"/ID\((?P<id>[^()\\]*)\)"
    rb"|/Headers\[(?P<heads>(?:\([^()\\]*\))*)\]"
    rb"|\((?:\\.|[^()\\]|\((?:\\.|[^()\\]|\([^()\\]*\))*\))*\)"  # a text, brackets within it two deep
    rb"|(?P<ref>\d+) 0 R"
    rb"|/(?P<place>StructParents?) (?P<page>\d+)",
    re.DOTALL,
)
XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/">
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>
<dc:language><rdf:Bag><rdf:li>{language}</rdf:li></rdf:Bag></dc:language>
<pdfuaid:part>1</pdfuaid:part></rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="r"?>"""
STREAM = re.compile(rb">>\s*stream\r?\n")  # the word alone may stand in a text before it


class Joined:
    """A PDF that is being written. `add` each part, then `close`."""

    def __init__(self, whole: IO[bytes], title: str) -> None:
        self.whole, self.title, self.written = whole, title, 0
        self.places: dict[int, tuple[int, int, int]] = {}  # as a cross-reference stream has them
        self.next, self.next_page, self.page_count = METADATA + 1, 0, 0
        self.kids: list[bytes] = []
        self.tops: list[bytes] = []
        self.marks: list[tuple[str, int]] = []
        self.parents: list[bytes] = []
        self.ids: list[tuple[bytes, bytes]] = []
        self.roles, self.language = b"<<>>", ""
        self._write(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")

    def add(self, part: IO[bytes], title: str) -> None:
        """Write a part, with a bookmark that leads to its first page."""
        reader = PdfReader(part)
        root = reader.root_object
        places = {number: at for number, at in reader.xref.get(0, {}).items() if number}
        if reader.xref_objStm or "/StructTreeRoot" not in root:
            raise ValueError("not a PDF of ours: its objects are packed, or it has no structure")
        tree, pages = root.raw_get("/StructTreeRoot").idnum, root.raw_get("/Pages").idnum
        numbering = _Numbering(self.next, self.next_page, b"%d-" % len(self.marks), tree)
        self.next += max(places) + 1
        first = reader.pages[0].indirect_reference
        self.marks.append((title, numbering.base + (first.idnum if first else pages)))
        self.page_count += len(reader.pages)
        self.kids.append(_ref(numbering.base + pages))
        self.language = self.language or str(root.get("/Lang", ""))
        plain = []
        for number, content in _objects(part, places):
            if number == tree:
                self._take_structure(root["/StructTreeRoot"], content, numbering)  # type: ignore[arg-type]
            elif number != root.indirect_reference.idnum:  # type: ignore[union-attr]
                told = numbering.numbered(content)
                told = told.replace(b"<<", b"<</Parent %b" % _ref(PAGES), 1) if number == pages else told
                if content.endswith(b"endstream"):
                    self._object(numbering.base + number, told)
                else:
                    plain.append((numbering.base + number, told))
        self._packed(plain)

    def close(self) -> None:
        """Write what holds the parts together, and where everything is."""
        kids, tops = b" ".join(self.kids), b" ".join(self.tops)
        names = b" ".join(b"(%b)%b" % pair for pair in sorted(self.ids))
        numbers = b" ".join(self.parents)
        tree = b"/ParentTree<</Nums[%b]>>/IDTree<</Names[%b]>>/ParentTreeNextKey %d" % (numbers, names, self.next_page)
        catalog = b"<</Type/Catalog/Pages %b/StructTreeRoot %b/Outlines %b" % tuple(
            map(_ref, (PAGES, STRUCTURE, OUTLINES))
        )
        catalog += b"/MarkInfo<</Marked true>>/PageMode/UseOutlines/Lang(%b)" % self.language.encode()
        catalog += b"/ViewerPreferences<</DisplayDocTitle true>>/Metadata %b>>" % _ref(METADATA)
        own = [
            (PAGES, b"<</Type/Pages/Kids[%b]/Count %d>>" % (kids, self.page_count)),
            (STRUCTURE, b"<</Type/StructTreeRoot/RoleMap%b/K[%b]%b>>" % (self.roles, _ref(DOCUMENT), tree)),
            (DOCUMENT, b"<</Type/StructElem/S/Document/P %b/K[%b]>>" % (_ref(STRUCTURE), tops)),
            (CATALOG, catalog),
        ]
        xmp = XMP.format(title=escape(self.title), language=escape(self.language)).encode()
        self._object(METADATA, b"<</Type/Metadata/Subtype/XML/Length %d>>\nstream\n%b\nendstream" % (len(xmp), xmp))
        self._packed([*own, *self._outline()])
        self._cross_references()

    def _take_structure(self, tree: DictionaryObject, content: bytes, numbering: "_Numbering") -> None:
        if roles := re.search(rb"/RoleMap(<<[^<>]*>>)", content):
            self.roles = roles[1]
        self.tops += [numbering.numbered(_ref(top.idnum)) for top in _listed(tree.raw_get("/K"))]
        for page, owner in _leaves(tree.get("/ParentTree"), "/Nums"):
            self.parents.append(b"%d %b" % (page + self.next_page, numbering.numbered(_ref(owner.idnum))))
        self.next_page += int(tree.get("/ParentTreeNextKey", 0))
        for name, owner in _leaves(tree.get("/IDTree"), "/Names"):
            self.ids.append((numbering.mark + str(name).encode(), numbering.numbered(_ref(owner.idnum))))

    def _outline(self) -> Iterator[tuple[int, bytes]]:
        first, self.next = self.next, self.next + len(self.marks)
        last = self.next - 1
        for number, (title, page) in enumerate(self.marks, start=first):
            near = b"/Prev %b" % _ref(number - 1) if number > first else b""
            near += b"/Next %b" % _ref(number + 1) if number < last else b""
            said = ("\ufeff" + title).encode("utf-16-be").hex().encode()
            mark = b"<</Title<%b>/Parent %b/Dest[%b/Fit]%b>>"
            yield number, mark % (said, _ref(OUTLINES), _ref(page), near)
        ends = b"/First %b/Last %b" % (_ref(first), _ref(last)) if self.marks else b""
        yield OUTLINES, b"<</Type/Outlines%b/Count %d>>" % (ends, len(self.marks))

    def _packed(self, objects: list[tuple[int, bytes]]) -> None:
        """Write objects that are no streams together, compressed."""
        holder, self.next = self.next, self.next + 1
        numbers, at = [], 0
        for place, (number, content) in enumerate(objects):
            numbers.append(b"%d %d" % (number, at))
            at += len(content) + 1
            self.places[number] = (2, holder, place)
        index = b" ".join(numbers) + b"\n"
        told = b"/Type/ObjStm/N %d/First %d" % (len(objects), len(index))
        self._object(holder, _compressed(index + b"\n".join(content for _number, content in objects), told))

    def _object(self, number: int, content: bytes) -> None:
        self.places[number] = (1, self.written, 0)
        self._write(b"%d 0 obj\n%b\nendobj\n" % (number, content))

    def _cross_references(self) -> None:
        own, start = self.next, self.written
        self.places[own] = (1, start, 0)
        lines = (self.places.get(number, (0, 0, 0)) for number in range(own + 1))
        table = b"".join(b"%c%b%b" % (kind, at.to_bytes(5), place.to_bytes(3)) for kind, at, place in lines)
        told = b"/Type/XRef/Size %d/W[1 5 3]/Root %b" % (own + 1, _ref(CATALOG))
        self._object(own, _compressed(table, told))
        self._write(b"startxref\n%d\n%%%%EOF\n" % start)

    def _write(self, text: bytes) -> None:
        self.whole.write(text)
        self.written += len(text)


class _Numbering:
    """How one part is numbered in the whole. Its own root of the structure becomes the document of the whole."""

    def __init__(self, base: int, first_page: int, mark: bytes, tree: int) -> None:
        self.base, self.first_page, self.mark, self.tree = base, first_page, mark, tree

    def numbered(self, content: bytes) -> bytes:
        """Give an object with the numbers of the whole. What a stream holds stays as it is."""
        if content.endswith(b"endstream"):
            begins = STREAM.search(content)
            if begins is None:
                raise ValueError("not a PDF of ours: a stream without its beginning")
            return TOKEN.sub(self._token, content[: begins.start()]) + content[begins.start() :]
        return TOKEN.sub(self._token, content)

    def _token(self, found: re.Match[bytes]) -> bytes:
        if (ref := found["ref"]) is not None:
            return _ref(DOCUMENT if int(ref) == self.tree else self.base + int(ref))
        if found["page"] is not None:
            return b"/%b %d" % (found["place"], int(found["page"]) + self.first_page)
        if found["id"] is not None:
            return b"/ID(%b%b)" % (self.mark, found["id"])
        if found["heads"] is not None:
            return b"/Headers[%b]" % found["heads"].replace(b"(", b"(" + self.mark)
        return found[0]


def _objects(part: IO[bytes], places: dict[int, int]) -> Iterator[tuple[int, bytes]]:
    """Give the objects of a part as they stand between `obj` and `endobj`."""
    part.seek(0)
    whole = part.read()
    ordered = sorted(places.items(), key=lambda place: place[1])
    ends = [at for _number, at in ordered[1:]] + [whole.rindex(b"xref", 0, whole.rindex(b"startxref"))]
    for (number, at), end in zip(ordered, ends, strict=True):
        start = whole.index(b"obj", at) + len(b"obj")
        yield number, whole[start : whole.rindex(b"endobj", at, end)].strip(b"\r\n ")


def _listed(one: Any) -> Iterable[Any]:
    return one if isinstance(one, list) else [one]


def _leaves(tree: Any, key: str) -> Iterator[tuple[Any, Any]]:
    """Walk a tree of numbers or names."""
    if tree is None:
        return
    flat = tree.get(key, ())
    yield from zip(flat[::2], flat[1::2], strict=True)
    for kid in tree.get("/Kids", ()):
        yield from _leaves(kid.get_object(), key)


def _compressed(text: bytes, told: bytes) -> bytes:
    packed = zlib.compress(text)
    return b"<<%b/Filter/FlateDecode/Length %d>>\nstream\n%b\nendstream" % (told, len(packed), packed)


def _ref(number: int) -> bytes:
    return b"%d 0 R" % number
