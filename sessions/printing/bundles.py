"""Many PDFs in one file: one long PDF for the printer, or a zip with an index. Pure: streams in, a stream out."""

import zipfile
from collections.abc import Callable, Iterable
from typing import IO

from pypdf.errors import PyPdfError

from sessions.printing.joining import Joined

# The name of a file, and how to open it.
Part = tuple[str, Callable[[], IO[bytes]]]


class UnreadablePartError(ValueError):
    """A part is not there, or no PDF that can be put into another; `name` is its file's."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def one_pdf(whole: IO[bytes], parts: Iterable[Part], title: str) -> None:
    """Write one PDF of this title with a bookmark for each part, called as its file is. One part is in memory at a time.

    Raises UnreadablePartError; what was written then is to be thrown away.
    """
    joined = Joined(whole, title)
    for name, opened in parts:
        with _open(name, opened) as part:
            try:
                joined.add(part, name.removesuffix(".pdf"))
            except (ValueError, LookupError, AttributeError, PyPdfError) as exc:
                raise UnreadablePartError(name) from exc
    joined.close()


def zip_with_index(whole: IO[bytes], parts: Iterable[Part], index: Part) -> None:
    """Write a zip of the parts and, first, the index. One part is in memory at a time; PDFs are compressed already.

    Raises UnreadablePartError as `one_pdf` does.
    """
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_STORED) as folder:
        for name, opened in (index, *parts):
            with _open(name, opened) as part:
                folder.writestr(name, part.read())


def _open(name: str, opened: Callable[[], IO[bytes]]) -> IO[bytes]:
    try:
        return opened()
    except OSError as exc:
        raise UnreadablePartError(name) from exc
