"""What the mix check said, as it is kept: told anew in the language of who reads it, whoever recorded it.

The words kept beside it are what was read and signed on the day. They stay as they are, and are told where the sentence
and its numbers were not kept. No SQL statement anywhere here.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from protocols.citations import shipped_text
from protocols.dosing.keeping import kept_finding
from protocols.words import finding_said
from sessions.models import Override


def told(row: Mapping[str, Any]) -> str:
    """Say a kept finding in the reader's language, else in the words kept; those without a number are translated."""
    finding = kept_finding(row)
    return finding_said(finding) if finding is not None else shipped_text(row.get("text", ""))


def told_override(override: Override, findings: Iterable[Mapping[str, Any]] = ()) -> str:
    """Say what was gone past: from the record's own findings by key, which are signed, else from the row's parts."""
    same = (row for row in findings if override.key and row.get("key") == override.key)
    kept = next(same, None) or override.sentence or {}
    return told({"text": override.finding, **kept})
