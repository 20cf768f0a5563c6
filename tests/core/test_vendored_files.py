"""What is vendored is what the MANIFEST says, and nothing asks for a file that is not there."""

import hashlib
from pathlib import Path

import mesoclinic

VENDOR = Path(mesoclinic.__file__).parent / "static" / "vendor"
FOLDERS = ("alpinejs", "bootstrap", "event-calendar", "icons", "inter")


def listed() -> dict[str, str]:
    rows = (line.split("  ", 1) for line in (VENDOR / "MANIFEST").read_text().splitlines())
    return {path: digest for digest, path in rows}


def test_every_vendored_file_has_the_hash_of_the_manifest():
    present = {
        path.relative_to(VENDOR).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for folder in FOLDERS
        for path in (VENDOR / folder).rglob("*")
        if path.is_file()
    }

    assert present == listed()


def test_no_vendored_file_names_a_source_map():
    texts = [path for path in listed() if path.endswith((".js", ".css"))]

    assert texts
    assert [path for path in texts if "sourceMappingURL" in (VENDOR / path).read_text()] == []
