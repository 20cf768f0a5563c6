"""Print the overview: all its parts in one PDF."""

from collections.abc import Iterable
from datetime import date

from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from mesoclinic.core.models import User
from sessions.printing.overview_charts import names_apart
from sessions.printing.overview_paper import OverviewPaper, overview_pdf, table_block
from sessions.printing.pdf import PrintedPaper
from sessions.printing.pieces import Block as Printed
from sessions.printing.words import ENGLISH, print_day
from sessions.queries.overview import PARTS
from sessions.queries.overview_pieces import Block
from sessions.queries.overview_scope import Scope
from sessions.queries.paper import letterhead, paper_of, paper_size


def print_overview(*, actor: User, scope: Scope, filters: Iterable[str], today: date) -> PrintedPaper:
    """Print every part. No patient is named, so nothing is written down."""
    words = {"months": _(ENGLISH["months"])}
    sections = []
    for title, make in PARTS.values():
        sections.append((str(title), [piece for block in make(scope).blocks for piece in _printed(block)]))
    settings = paper_of(scope.clinic)
    paper = OverviewPaper(
        title=_("Overview"),
        days=pgettext("days", "%(first)s to %(last)s")
        % {"first": print_day(scope.from_on, words), "last": print_day(scope.until_on, words)},
        filters=" · ".join(filters),
        clinic=letterhead(scope.clinic, scope.site, settings),
        printed=_(ENGLISH["printed_by"]).format(day=print_day(today, words), who=str(actor)),
        page_of=_(ENGLISH["page_of"]),
        printed_on=today,
        sections=sections,
        language=(get_language() or "en").split("-")[0],
        paper=paper_size(scope.clinic, settings),
    )
    name = f"{scope.from_on.isoformat()}_{scope.until_on.isoformat()}_overview.pdf"
    return PrintedPaper(overview_pdf(paper), name)


def _printed(block: Block) -> Iterable[Printed]:
    if block.title:
        yield {"kind": "heading", "text": block.title}
    if block.kind == "table":
        yield from table_block(block.heads, [[cell.text for cell in row] for row in block.rows])
    elif block.kind == "chart":
        svg, labels = names_apart(block.svg)
        yield {"kind": "chart", "svg": svg, "alt": block.alt, "labels": labels}
    elif block.kind == "figures":
        figures = [{"value": one.cell.text, "label": one.label, "below": one.below} for one in block.figures]
        yield {"kind": "figures", "figures": figures}
    elif block.text:
        yield {"kind": "text", "text": block.text}
