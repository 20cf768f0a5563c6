"""How it is injected: device, needle, depth, shots, and whether the volumes add up."""

from collections.abc import Iterator
from decimal import Decimal

from protocols.dosing.context import MixSite
from protocols.dosing.findings import Finding, Level
from protocols.dosing.mix import Mix, exact_sum
from protocols.dosing.quantities import EXACT, NumberRange, gettext_noop
from protocols.dosing.sources import cite


def device_species(mix: Mix) -> Iterator[Finding]:
    """Block a device that is not for the species: multi-injectors never for people. DOMAIN.md 1.2 (S1)."""
    device = mix.context.device
    if device is not None and device.species and mix.patient.species not in device.species:
        yield Finding(
            Level.BLOCK,
            "device.species",
            gettext_noop("%(device)s is not for this species (%(species)s)."),
            {"device": device.name, "species": mix.patient.species},
            cite("S1"),
        )


def depth_in_needle(mix: Mix) -> Iterator[Finding]:
    """Block a depth beyond the length of the needle. DESIGN.md section 6."""
    needle_mm = mix.context.needle_length_mm
    for index, site in enumerate(mix.context.sites):
        depth_mm = max(_depths(site), default=None)
        if depth_mm is not None and needle_mm is not None and depth_mm > needle_mm:
            yield Finding(
                Level.BLOCK,
                "depth.beyond_needle",
                gettext_noop("A depth of %(depth_mm)s mm is beyond the needle of %(needle_mm)s mm."),
                {"depth_mm": depth_mm, "needle_mm": needle_mm},
                cite("DESIGN"),
                sites=(index,),
            )


def depth_range(mix: Mix) -> Iterator[Finding]:
    """Block a depth no technique has (0.1 to 13 mm); warn outside the protocol's, technique's or usual range.

    The protocol's range counts first, then the technique's, then 2 to 6 mm. Source: DOMAIN.md 1.1, SEED-H.
    """
    limits = mix.context.limits
    for index, site in enumerate(mix.context.sites):
        usual, rule, message, source = _expected_depth(mix, site)
        for depth_mm in dict.fromkeys(_depths(site)):
            if depth_mm not in limits.depth_possible_mm:
                yield Finding(
                    Level.BLOCK,
                    "depth.impossible",
                    gettext_noop("A depth of %(depth_mm)s mm is outside %(low)s to %(high)s mm: is it a slip?"),
                    _numbers("depth_mm", depth_mm, limits.depth_possible_mm),
                    cite("S1", "INFER"),
                    sites=(index,),
                )
            elif depth_mm not in usual:
                yield Finding(Level.WARN, rule, message, _numbers("depth_mm", depth_mm, usual), source, sites=(index,))


def _expected_depth(mix: Mix, site: MixSite) -> tuple[NumberRange, str, str, str]:
    if mix.context.protocol_depth_mm is not None:
        message = gettext_noop("A depth of %(depth_mm)s mm is outside the protocol's %(low)s to %(high)s mm.")
        return mix.context.protocol_depth_mm, "depth.protocol", message, cite("DESIGN")
    if site.technique_depth_mm is not None:
        message = gettext_noop("A depth of %(depth_mm)s mm is outside this technique's %(low)s to %(high)s mm.")
        return site.technique_depth_mm, "depth.technique", message, cite("S1", "S2")
    message = gettext_noop("A depth of %(depth_mm)s mm is outside the usual %(low)s to %(high)s mm.")
    return mix.context.limits.depth_mm, "depth.unusual", message, cite("SEED-H")


def _depths(site: MixSite) -> list[Decimal]:
    return [depth for depth in (site.depth_min_mm, site.depth_max_mm) if depth is not None]


def _numbers(name: str, value: Decimal, wanted: NumberRange) -> dict[str, Decimal]:
    return {name: value, "low": wanted.low, "high": wanted.high}


def shots_range(mix: Mix) -> Iterator[Finding]:
    """Warn when the shots are outside the protocol's range, else outside 8 to 300. SEED-H, DESIGN.md section 6."""
    total, protocol = mix.context.shots_total, mix.context.protocol_shots
    if total is None:
        return
    shots = Decimal(total)
    if protocol is not None and shots not in protocol:
        yield Finding(
            Level.WARN,
            "shots.protocol",
            gettext_noop("%(shots)s shots are outside the protocol's %(low)s to %(high)s."),
            _numbers("shots", shots, protocol),
            cite("DESIGN"),
        )
    elif protocol is None and shots not in mix.context.limits.shots:
        yield Finding(
            Level.WARN,
            "shots.unusual",
            gettext_noop("%(shots)s shots are outside the usual %(low)s to %(high)s."),
            _numbers("shots", shots, mix.context.limits.shots),
            cite("SEED-H"),
        )


def volume_per_point(mix: Mix) -> Iterator[Finding]:
    """Warn when the volume per point is outside what any source uses (0.01 to 0.3 mL). DOMAIN.md 1.2."""
    usual = mix.context.limits.volume_per_point_ml
    for index, site in enumerate(mix.context.sites):
        if site.volume_per_point_ml is not None and site.volume_per_point_ml not in usual:
            yield Finding(
                Level.WARN,
                "volume.per_point",
                gettext_noop("%(volume_ml)s mL per point is outside the usual %(low)s to %(high)s mL."),
                _numbers("volume_ml", site.volume_per_point_ml, usual),
                cite("S16", "S15"),
                sites=(index,),
            )


def volume_adds_up(mix: Mix) -> Iterator[Finding]:
    """Warn when points x volume per point differs by more than 20 % from a syringe's volume. DOMAIN.md 1.2.

    Where some points say their volume, a syringe without points went nowhere.
    """
    is_told = any(site.points and site.volume_per_point_ml is not None for site in mix.context.sites)
    sites: dict[str, list[int]] = {syringe: [] for syringe in mix.syringes} if is_told else {}
    for index, site in enumerate(mix.context.sites):
        sites.setdefault(site.syringe, []).append(index)
    for syringe, indices in sites.items():
        injected = [_injected_ml(mix.context.sites[index]) for index in indices]
        known = [volume_ml for volume_ml in injected if volume_ml is not None]
        if len(known) < len(injected) or mix.context.technique == "dry":
            continue
        lines = tuple(mix.syringes.get(syringe, ()))
        volume_ml = exact_sum([mix.lines[line].volume_ml for line in lines])
        injected_ml = exact_sum(known)
        allowed_ml = EXACT.multiply(volume_ml, mix.context.limits.volume_mismatch_share)
        if abs(EXACT.subtract(injected_ml, volume_ml)) > allowed_ml:
            yield Finding(
                Level.WARN,
                "volume.mismatch",
                gettext_noop(
                    "Syringe %(syringe)s holds %(volume_ml)s mL, but the points add up to %(injected_ml)s mL."
                ),
                {"syringe": syringe, "volume_ml": volume_ml, "injected_ml": injected_ml},
                cite("INFER"),
                lines,
                tuple(indices),
            )


def _injected_ml(site: MixSite) -> Decimal | None:
    if site.volume_per_point_ml is None:
        return None
    return EXACT.multiply(Decimal(site.points), site.volume_per_point_ml)


RULES = (device_species, depth_in_needle, depth_range, shots_range, volume_per_point, volume_adds_up)
