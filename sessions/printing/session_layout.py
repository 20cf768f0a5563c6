"""One recorded session as the page template draws it: mix, sites, facts, what was overridden and added, who signed."""

from collections.abc import Iterable
from decimal import Decimal

from sessions.printing.body_drawing import body_drawing, body_said
from sessions.printing.document import Addendum, MixLine, Override, SessionPart, Signature
from sessions.printing.numbers import number
from sessions.printing.pieces import Block, Rows, colon, comma, facts_said, joined, ml, table, was
from sessions.printing.repeats import depth_said, place_said
from sessions.printing.words import Words, print_day

ROWS_OF_A_MAP = 8
MOST_TOGETHER = (
    14 + ROWS_OF_A_MAP
)  # rows: a longer session may go over the end of a page rather than leave half of it empty
COLUMNS_OF_A_HALF, LETTERS_OF_A_HALF = 4, 700


def session_block(session: SessionPart, words: Words, place: int = 0, same: Iterable[list[str]] = ()) -> Block:
    """Give the block of one recorded session; `place` tells its drawing from the others of the report.

    `same` names what it has in common with sessions before, and is not told again.
    """
    signature = session.signature
    signed = words["not_signed"]
    if signature is not None:
        signed = joined([f"{words['signed_by']} {signature.by}", signature.at, _hash(signature, words)])
    blocks = [
        *_mix(session, words),
        *_sites(session, words),
        *_body_and_facts(session, words, place, same),
    ]
    remarks = overrides_said(session.overrides, words)
    addenda = [_addendum(one, words) for one in session.addenda]
    together = sum(_rows(block) for block in blocks) + 2 * (len(remarks) + len(addenda)) <= MOST_TOGETHER
    together = together and len(session.notes) < 800
    return {
        "kind": "session",
        "title": words["session"].format(number=session.number),
        "day": print_day(session.performed_on, words),
        "by": session.performed_by,
        "together": together,
        "is_brief": together and not (session.mix or remarks or addenda) and all(map(_is_narrow, blocks)),
        "right": _amended(
            f"{session.shots} {words['shots'].lower()}" if session.shots else "", session, words, "shots"
        ),
        "marks": [words[key] for key, is_so in _marks(session) if is_so],
        "withdrawn": session.withdrawn,
        "blocks": blocks,
        "lists": [
            {"title": words[key], "items": items}
            for key, items in (("overrides", remarks), ("addenda", addenda))
            if items
        ],
        "signed": signed,
        "is_signed": signature is not None,
    }


def _addendum(one: Addendum, words: Words) -> str:
    day = print_day(one.on, words)
    said = [colon(one.kind, one.text, words), *(_sentence(finding) for finding in one.findings)]
    return joined([*said, _reason(one, words), one.by, day, _hash(one.signature, words)])


def _hash(signature: Signature | None, words: Words) -> str:
    return f"{words['check']} {signature.short_hash}" if signature and signature.short_hash else ""


def _rows(block: Block) -> int:
    """Count the rows a block takes on paper, a drawing too."""
    if block["kind"] == "beside":
        return max(_rows(one) for one in block["blocks"])
    return len(block["rows"]) if "rows" in block else ROWS_OF_A_MAP


def _is_narrow(block: Block) -> bool:
    """Whether a block fits a column of half the page, and all of a session with it a part of its height."""
    if block["kind"] == "beside":
        return all(map(_is_narrow, block["blocks"]))
    if block["kind"] == "table" and len(block["heads"]) > COLUMNS_OF_A_HALF:
        return False
    return sum(len(cell) for row in block.get("rows", ()) for cell in row) <= LETTERS_OF_A_HALF


def _marks(session: SessionPart) -> list[tuple[str, bool]]:
    amended = bool(session.addenda) and not session.withdrawn
    return [("withdrawn", session.withdrawn), ("amended", amended), ("late_entry", session.late_entry)]


def overrides_said(overrides: Iterable[Override], words: Words) -> list[str]:
    """Say what was overridden, why, by whom and when."""
    return [
        joined([_sentence(one.rule), _reason(one, words), one.by, print_day(one.on, words) if one.on else ""])
        for one in overrides
    ]


def _reason(override: Override | Addendum, words: Words) -> str:
    return words["reason_given"].format(reason=override.reason) if override.reason else ""


def _sentence(text: str) -> str:
    return text.removesuffix(".")


def _mix(session: SessionPart, words: Words) -> list[Block]:
    rows = [
        [
            line.syringe,
            line.substance,
            line.strength,
            was(ml(line.given_ml, words), ml(line.given_signed_ml, words), words),
            ml(line.wasted_ml, words),
            line.dose,
            was(line.lot, line.lot_signed, words),
            print_day(line.expires_on, words) if line.expires_on else "",
        ]
        for line in session.mix
    ]
    total = sum((line.given_ml or Decimal(0) for line in session.mix), Decimal(0))
    columns = [
        (words["syringe"], "left", "auto"),
        (words["substance"], "left", "1fr"),
        (words["strength"], "left", "auto"),
        (words["given"], "right", "auto"),
        (words["wasted"], "right", "auto"),
        (words["dose"], "right", "auto"),
        (words["lot"], "left", "auto"),
        (words["expires"], "left", "auto"),
    ]
    if len(rows) > 1 and total:
        rows.append(["", words["total"], "", ml(total, words), "", "", "", ""])
        return table(columns, rows, total=True)
    return table(columns, rows)


def _sites(session: SessionPart, words: Words) -> list[Block]:
    """Set several places as a table; a single one is a fact among the others."""
    if len(session.sites) == 1:
        return []
    rows = [
        [
            place_said(site, words),
            site.technique,
            depth_said(site),
            "" if site.shots is None else str(site.shots),
            ml(site.volume_per_point_ml, words),
            site.syringe,
        ]
        for site in session.sites
    ]
    columns = [
        (words["region"], "left", "1fr"),
        (words["technique"], "left", "auto"),
        (words["depth"], "right", "auto"),
        (words["shots"], "right", "auto"),
        (words["per_point"], "right", "auto"),
        (words["syringe"], "left", "auto"),
    ]
    return table(columns, rows)


def _only_place(session: SessionPart, words: Words) -> Rows:
    """The facts of a single place; its points are the shots of the session unless they are other ones."""
    if len(session.sites) != 1:
        return []
    [site] = session.sites
    shots = "" if site.shots is None or site.shots == session.shots else f"{site.shots} {words['shots'].lower()}"
    depth = depth_said(site)
    return [
        [words["region"], joined([place_said(site, words), site.technique, depth, shots])],
        [words["per_point"], ml(site.volume_per_point_ml, words)],
        [words["syringe"], site.syringe],
    ]


def _body_and_facts(session: SessionPart, words: Words, place: int, same: Iterable[list[str]]) -> list[Block]:
    body, facts = _body(session, words, place), _session_facts(session, words, same)
    return [{"kind": "beside", "blocks": [*body, *facts]}] if body and facts else [*body, *facts]


def _body(session: SessionPart, words: Words, place: int) -> list[Block]:
    title = colon(words["body_map"], words["session"].format(number=session.number), words)
    svg, width = body_drawing(session.body, words, title=title, name=f"body-{place}")
    return [{"kind": "chart", "svg": svg, "alt": body_said(session.body, words), "width": str(width)}] if svg else []


def _session_facts(session: SessionPart, words: Words, same: Iterable[list[str]]) -> list[Block]:
    scores = [
        [
            score.scale,
            comma(
                [
                    joined([" → ".join(filter(None, (number(score.before, words), number(score.after, words))))]),
                    score.rated_by,
                ]
            ),
        ]
        for score in session.scores
    ]
    rows = facts_said(
        [
            *same,
            *_only_place(session, words),
            [words["checks"], session.checks],
            [words["technique"], session.technique],
            [words["device"], _amended(comma([session.device, session.needle]), session, words, "device", "needle")],
            [words["depth"], _amended(session.depth, session, words, "depth")],
            [words["weight_used"], _amended(_weight_used(session, words), session, words, "weight_used")],
            *scores,
            [words["behaviour"], session.behaviour],
            [
                words["relief"],
                "" if session.relief_seconds is None else words["seconds"].format(n=session.relief_seconds),
            ],
            [words["effect"], session.effect],
            *([words["sedation"], _sedated(line, words)] for line in session.sedation_lines),
            [words["sedation"], _amended(session.sedation, session, words, "sedation")],
            [words["aftercare"], session.aftercare],
            [words["notes"], session.notes],
        ]
    )
    return [{"kind": "facts", "rows": rows}] if rows else []


def _sedated(line: MixLine, words: Words) -> str:
    """Say one thing given to sedate, with its lot, as a line of the mix would be said."""
    given = was(ml(line.given_ml, words), ml(line.given_signed_ml, words), words)
    lot = was(line.lot, line.lot_signed, words)
    until = f"{words['expires'].lower()} {print_day(line.expires_on, words)}" if line.expires_on else ""
    return comma([joined([line.substance, line.strength, given, line.dose]), colon(words["lot"], lot, words), until])


def _amended(text: str, session: SessionPart, words: Words, *keys: str) -> str:
    """Mark a value that a correction gave anew, and say what was signed."""
    signed = [one.signed for one in session.amended if one.what in keys]
    return was(text, comma(signed), words)


def _weight_used(session: SessionPart, words: Words) -> str:
    if session.weight_kg is None:
        return ""
    kg = f"{number(session.weight_kg, words)} kg"
    return joined([kg, words["weight_guessed"]]) if session.weight_estimated else kg
