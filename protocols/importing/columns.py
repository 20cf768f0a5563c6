"""What the columns of a table of protocols are called, in English and French; the list of protocols is written with them."""

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from protocols.headings import Headings, bare

NAMES = {
    "name": (_("Protocol"), "protocol, protocole, name, nom, protocol name, nom du protocole"),
    "field": (_("Field"), "field, domaine"),
    "species": (_("For"), "for, pour, species, espèce, espèces"),
    "indications": (_("Indications"), "indications, indication"),
    "cadence": (_("Series"), "series, série, cadence, schedule, rythme"),
    "minimum_sessions": (_("At least this many sessions"), "minimum sessions, nombre minimal de séances"),
    "technique": (_("Technique"), "technique"),
    "device": (_("Device"), "device, appareil"),
    "needle": (_("Needle"), "needle, aiguille"),
    "needle_length_mm": (_("Needle length (mm)"), "needle length, longueur de l'aiguille"),
    "depth_min_mm": (_("Shallowest (mm)"), "shallowest, minimum depth, profondeur minimale"),
    "depth_max_mm": (_("Deepest (mm)"), "deepest, maximum depth, profondeur maximale"),
    "shots_min": (_("Fewest shots"), "fewest shots, minimum shots"),
    "shots_max": (_("Most shots"), "most shots, maximum shots"),
    "volume_per_point_ml": (_("Volume per point (mL)"), "volume per point, volume par point"),
    "substance": (_("Substance"), "substance, product, produit, médicament"),
    "role": (_("Role"), "role, rôle"),
    "volume_ml": (_("Volume (mL)"), "volume, volume ml"),
    "strength": (_("Other strength"), "strength, concentration, dosage"),
    "strength_unit": (_("Unit"), "unit, unité"),
    "syringe": (_("Syringe"), "syringe, seringue"),
    "note": (_("Note"), "note"),
    "summary": (_("In short"), "summary, résumé"),
    "aftercare": (_("Aftercare"), "aftercare"),
    "notes": (_("Notes"), "notes, remarks, remarques"),
    "source": (_("Source"), "source, reference, référence"),
}
WRITTEN_ONLY = (_("Series in words"), _("Version"), _("Status"))  # in our own list; not read
OF_LINE = ("substance", "role", "volume_ml", "strength", "strength_unit", "syringe", "note")
OF_PROTOCOL = tuple(name for name in NAMES if name not in OF_LINE)
HEADINGS = Headings(NAMES)
label = HEADINGS.label


def unused(heads: Iterable[str]) -> list[str]:
    """The headings nothing is read from, but for those our own list writes for people."""
    written = {bare(str(words)) for words in WRITTEN_ONLY}
    heads = list(heads)
    read = zip(heads, HEADINGS.fields_of(heads), strict=True)
    return [head for head, name in read if head and not name and bare(head) not in written]
