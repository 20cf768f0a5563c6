"""The words a person reads, gathered from code and templates, and kept beside their translations.

`python -m tests.words` brings the catalogues up to date: new words are added without a translation, words no longer said
are dropped, and what Django reads is compiled. `tests/core/test_words.py` says which are missing.
"""

import ast
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

from protocols.catalogue import rows
from protocols.catalogue.entries import Catalogue
from protocols.catalogue.files import read_catalogue

ROOT = Path(settings.BASE_DIR)
SAID_IN = ("mesoclinic", "patients", "protocols", "sessions", "templates")
TRANSLATED = [code for code, _name in settings.LANGUAGES if code != settings.LANGUAGE_CODE.split("-")[0]]
# One day for all: a catalogue changes with its words and with nothing else.
DATED = datetime(2026, 11, 28, tzinfo=UTC)
HEAD = "# What people read in Mesoclinic. Brought up to date by: python -m tests.words"
# Of one and of many. The third form of French that some know is for round millions, and nothing here comes in those.
PLURALS = {"fr": "nplurals=2; plural=(n > 1);"}
NUMBERED = re.compile(r"S\d")  # a source of the domain notes: its title stays as it was published
LOOSE_MARK = re.compile(r"(?<=\S) (?=[:;!?»](?:\s|$))|(?<=«) ")
# How the words are marked, and which of the arguments are words: one, one of many, or one with its context.
MARKS: dict[str, tuple | None] = {
    **dict.fromkeys(("_", "gettext", "gettext_lazy", "gettext_noop")),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), (1, 2)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), ((1, "c"), 2)),
    **dict.fromkeys(("npgettext", "npgettext_lazy"), ((1, "c"), 2, 3)),
}


def folder(language: str) -> Path:
    return ROOT / "mesoclinic" / "locale" / language / "LC_MESSAGES"


def said() -> Catalog:
    """Gather all words marked for translation, with the files they are said in."""
    found = Catalog()
    for path in _files():
        text = path.read_text()
        source = text if path.suffix == ".py" else _flush(templatize(text, origin=str(path)))
        marks = MARKS | other_names(text) if path.suffix == ".py" else MARKS
        for _line, words, _comments, context in extract("python", BytesIO(source.encode()), marks):
            found.add(words, locations=[(str(path.relative_to(ROOT)), 0)], context=context)
    for words in shipped_words():
        found.add(words, locations=[("protocols/catalogue", 0)])
    return found


def shipped_words() -> Iterator[str]:
    """Give what the shipped catalogue calls things, where pages and papers say it in the reader's language."""
    shipped = read_catalogue()
    for one in shipped.species:
        yield from filter(None, (one.name, one.plural, *one.words.values(), *(sex.name for sex in one.sexes)))
    for scale in shipped.scores:
        yield from filter(None, (scale.name, scale.name_for_people, scale.question, scale.question_for_people))
        for choice in scale.choices:
            yield from filter(None, (choice.label, choice.label_for_people))
    yield from (one.question for one in shipped.checklist)
    called = (shipped.regions, shipped.categories, shipped.techniques, shipped.indications)
    yield from (one.citation for one in shipped.sources if not NUMBERED.match(one.code))
    for names in (*called, shipped.substances, shipped.protocols):
        yield from (one.name for one in names)
    for text in shipped_sentences(shipped):
        yield from filter(None, text.splitlines())


def shipped_sentences(shipped: Catalogue) -> Iterator[str]:
    """Give the texts of the shipped rows that pages and papers show, as rows hold them; advice has its own French."""
    yield from (one.text for one in shipped.country_notes)
    for row in rows.substance_rows(shipped):
        yield from (row.values[name] for name in ("notes", "competition_note", "status_reason", "appearance"))
        yield from (one["note"] for one in row.values["traits"].get("ceilings", []))
        traits = row.values["traits"]
        yield traits.get("no_strength", "")
        yield from (
            one["label"] for one in (*row.values["other_strengths"], traits.get("shipped_strength", {"label": ""}))
        )
    yield from (row.values["effect"] for row in rows.incompatibility_rows(shipped))
    for row in rows.competition_rule_rows(shipped):
        yield from (row.values[name] for name in ("name", "text", "note"))
    for row in rows.protocol_rows(shipped):
        yield from (row.values[name] for name in ("summary", "needle", "notes"))
        yield from (line["note"] for line in row.lines)


def other_names(source: str) -> dict[str, tuple | None]:
    """Give the names a module has taken marks over by: `from django.utils.translation import gettext as _now`."""
    taken = (one for one in ast.walk(ast.parse(source)) if isinstance(one, ast.ImportFrom))
    names = [name for one in taken if one.module == "django.utils.translation" for name in one.names]
    return {name.asname: MARKS[name.name] for name in names if name.asname and name.name in MARKS}


def _flush(text: str) -> str:
    """Begin every line at the margin: a template's indentation is none of Python's."""
    return "\n".join(line.lstrip() for line in text.splitlines())


def python_files() -> list[Path]:
    return [path for path in _files() if path.suffix == ".py"]


def _files() -> Iterator[Path]:
    for name in SAID_IN:
        for suffix in ("py", "html", "txt"):
            yield from sorted((ROOT / name).rglob(f"*.{suffix}"))


def kept(language: str) -> Catalog:
    """Read the translations there are."""
    path = folder(language) / "django.po"
    if not path.exists():
        return Catalog(locale=language)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def updated(language: str) -> Catalog:
    """Give the catalogue of what is said now, with the translations there are."""
    dated = {"creation_date": DATED, "revision_date": DATED, "copyright_holder": "Mesoclinic"}
    old, new = kept(language), Catalog(language, project="Mesoclinic", header_comment=HEAD, fuzzy=False, **dated)
    new.mime_headers = [("Plural-Forms", PLURALS[language])]
    for message in messages(said()):
        known = old.get(message.id, context=message.context)
        locations = sorted({name for name, _line in message.locations})
        string = set_in_type(language, known.string) if known is not None and is_whole(known) else ""
        flags = {flag for flag in message.flags if flag == "python-format"}
        places = [(name, None) for name in locations]
        new.add(message.id, string, places, flags, context=message.context)
    return new


def set_in_type(language: str, words: str | tuple[str, ...] | list[str]) -> str | tuple[str, ...]:
    """French keeps its high marks with the word before them: no line begins with a colon."""
    if language != "fr":
        return words
    told = tuple(LOOSE_MARK.sub("\u00a0", form) for form in forms(words))
    return told[0] if isinstance(words, str) else told


def messages(catalog: Catalog) -> list[Message]:
    """Give the messages without the head of the catalogue, in the order of the alphabet."""
    return sorted((one for one in catalog if one.id), key=lambda one: (str(one.id), one.context or ""))


def written(catalog: Catalog) -> bytes:
    """Give the text of a catalogue: the same words give the same letters."""
    file = BytesIO()
    write_po(file, catalog, width=120, sort_output=True, omit_header=False, include_lineno=False)
    return file.getvalue()


def compiled(catalog: Catalog) -> bytes:
    file = BytesIO()
    write_mo(file, catalog)
    return file.getvalue()


def main() -> None:
    for language in TRANSLATED:
        catalog = updated(language)
        folder(language).mkdir(parents=True, exist_ok=True)
        (folder(language) / "django.po").write_bytes(written(catalog))
        (folder(language) / "django.mo").write_bytes(compiled(catalog))
        missing = sum(not is_whole(one) for one in messages(catalog))
        print(f"{language}: {len(messages(catalog))} words, {missing} without a translation")


def is_whole(message: Message) -> bool:
    return not message.fuzzy and bool(message.string) and all(forms(message.string))


def forms(words: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    """Give one form, or those of one and of many."""
    return (words,) if isinstance(words, str) else tuple(words)


if __name__ == "__main__":
    import django

    django.setup()
    main()
