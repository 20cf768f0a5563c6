"""What the bench prints, and the page it writes: docs/benchmarks.md."""

from collections.abc import Iterable, Mapping

from tests.bench.timing import Amount, Ratio, Result, Times

HEAD = """# Benchmarks

What `make bench` measured last. It measures ratios: the product against the least that must be done for the same
result on the same machine in the same run (its *floor*), as the median of interleaved rounds, because a ratio says the
same on a slow machine and on a busy one. Every result is checked; a wrong one ends the run. The bounds and aims are
those of the design. Absolute times are of whole HTTP requests to one gunicorn worker over loopback, a connection each,
on one machine with its database; they grow with the load of the machine, *worker CPU* does not.

Databases for tests do not wait for the disk (`fsync` is off on PostgreSQL, `synchronous` is off on SQLite), for
ours and floors alike.
"""
RATIO_HEAD = (
    "| | ours / floor | ours ms | floor ms | ratio | lowest–highest | bound | aim | |\n"
    "|---|---|---:|---:|---:|---|---:|---:|---|\n"
)
TIMES_HEAD = "| | p50 ms | p95 ms | target p50 / p95 | | answer | worker CPU ms | times |\n|---|---:|---:|---|---|---:|---:|---:|\n"
AMOUNT_HEAD = "| | | limit | |\n|---|---:|---:|---|\n"


def page(engines: Mapping[str, list[Result]], about: Mapping[str, str]) -> str:
    """Write the whole page in Markdown."""
    parts = [HEAD, "| | |\n|---|---|\n" + "".join(f"| {name} | {words} |\n" for name, words in about.items())]
    for engine, results in engines.items():
        parts += [f"## {engine}\n", *_tables(results)]
    return "\n".join(parts)


def _tables(results: Iterable[Result]) -> list[str]:
    results = list(results)
    tables = []
    if ratios := [one for one in results if isinstance(one, Ratio)]:
        tables.append(RATIO_HEAD + "".join(_ratio(one) for one in ratios))
        notes = "".join(f"- {one.code}: {one.note}\n" for one in ratios if one.note)
        tables += [notes] if notes else []
    if times := [one for one in results if isinstance(one, Times)]:
        tables.append(TIMES_HEAD + "".join(_times(one) for one in times))
    if amounts := [one for one in results if isinstance(one, Amount)]:
        tables.append(AMOUNT_HEAD + "".join(f"| {a.what} | {a.value} | {a.limit} | {a.verdict} |\n" for a in amounts))
    return tables


def _ratio(one: Ratio) -> str:
    spread = f"{one.lowest:.2f}–{one.highest:.2f}"
    numbers = f"{one.ours_ms:.1f} | {one.floor_ms:.1f} | **{one.ratio:.2f}** | {spread} | {one.bound:g} | {one.aim:g}"
    return f"| {one.code} | {one.what} | {numbers} | {one.verdict} |\n"


def _times(one: Times) -> str:
    aim = "" if one.aim_p50_ms is None else f"{one.aim_p50_ms:g} / {one.aim_p95_ms:g}"
    size = "" if one.size_bytes is None else f"{one.size_bytes / 1000:.1f} KB"
    cpu = "" if one.cpu_ms is None else f"{one.cpu_ms:.0f}"
    return (
        f"| {one.what} | {one.p50_ms:.1f} | {one.p95_ms:.1f} | {aim} | {one.verdict} | {size} | {cpu} | {one.count} |\n"
    )


def line(one: Result) -> str:
    """One line for the terminal."""
    if isinstance(one, Ratio):
        times = f"{one.ours_ms:.1f} / {one.floor_ms:.1f} ms"
        bounds = f"(bound {one.bound:g}, aim {one.aim:g})"
        return f"{one.code:<8} {one.ratio:6.2f}  {bounds:<21} {one.verdict:<12} {times:<18} {one.what}"
    if isinstance(one, Times):
        return f"{one.p50_ms:8.1f} / {one.p95_ms:.1f} ms  {one.verdict:<7} {one.what}"
    return f"{one.value:>8}  {one.verdict:<10} {one.what}"
