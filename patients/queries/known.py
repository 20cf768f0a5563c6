"""Which files rows of an import are in already: surely, by number or by name and birth date; or perhaps."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from mesoclinic.core.models import Clinic
from patients.importing.rows import ReadRow
from patients.models import Identifier, ImportRow, Patient
from patients.queries.search import duplicates
from patients.services.identifiers import BARE


@dataclass(slots=True)
class Known:
    """What is known of some rows: files by number, by name and birth date, by the row they were imported from."""

    has_any: bool
    numbers: dict[tuple[str, str], list[tuple[int, str]]] = field(default_factory=lambda: defaultdict(list))
    born: dict[tuple, int] = field(default_factory=dict)
    imported: dict[str, int] = field(default_factory=dict)

    def of(self, row: ReadRow, fingerprint: str) -> tuple[int | None, bool]:
        """The file a row is in, and whether that is sure. A number of another house needs the same name to be sure."""
        if found := self.imported.get(fingerprint) or self.born.get((row.species.pk, row.who, row.birth_on)):
            return found, True
        perhaps = None
        for scheme, value in row.numbers:
            for patient_id, who in self.numbers.get((scheme, value), ()):
                if scheme in BARE or who == row.who:
                    return patient_id, True
                perhaps = patient_id
        return perhaps, False


def known_files(clinic: Clinic, rows: Iterable[tuple[ReadRow, str]]) -> Known:
    """Look some rows up. Four SQL statements, however many rows."""
    rows = list(rows)
    files = Patient.objects.filter(clinic=clinic, merged_into__isnull=True).order_by()
    known = Known(has_any=files.exists())
    if not known.has_any:
        return known
    values = {value for row, _print in rows for _scheme, value in row.numbers}
    numbers = Identifier.objects.filter(
        value__in=values, patient__clinic=clinic, patient__merged_into__isnull=True, until_on__isnull=True
    ).order_by()
    for scheme, value, *file in numbers.values_list("scheme", "value", "patient_id", "patient__search_text"):
        known.numbers[scheme, value].append((file[0], file[1]))
    whos = {row.who for row, _print in rows if row.birth_on}
    born = files.filter(search_text__in=whos, birth_on__isnull=False)
    known.born = {key[:3]: key[3] for key in born.values_list("species_id", "search_text", "birth_on", "pk")}
    earlier = ImportRow.objects.filter(
        fingerprint__in=[one for _row, one in rows], of__clinic=clinic, patient__merged_into__isnull=True
    )
    pairs = earlier.filter(patient__isnull=False).order_by().values_list("fingerprint", "patient_id")
    known.imported = dict(pairs)
    return known


def likely_twin(clinic: Clinic, row: ReadRow) -> int | None:
    """The file that may be the same patient, as the register page finds it. Three SQL statements."""
    hits = duplicates(clinic, name=row.name, birth_on=row.birth_on, phone=row.phone, species=row.species.code)
    return hits[0].patient_id if hits else None
