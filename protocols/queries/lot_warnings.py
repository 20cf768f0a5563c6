"""What other apps know against a lot. This one knows nothing of sessions: they announce themselves (`also_warns`)."""

from collections.abc import Callable, Iterable, Mapping

Suspicions = Callable[[Iterable[int]], Mapping[int, int]]
_sources: list[Suspicions] = []


def also_warns(source: Suspicions) -> None:
    """Add a source: keys of lots in, the number of reactions each is suspected of out."""
    if source not in _sources:
        _sources.append(source)


def suspicions(lot_ids: Iterable[int]) -> dict[int, int]:
    """How many reactions each of these lots is suspected of; those of none are left out. One statement a source."""
    keys = list(lot_ids)
    found: dict[int, int] = {}
    for source in _sources if keys else ():
        for key, count in source(keys).items():
            found[key] = found.get(key, 0) + count
    return found
