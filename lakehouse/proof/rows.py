"""The rows that a prediction was made from: found again by their digest, wherever they still are.

A sha256 cannot be met by chance, so rows that hash to the noted digest are those rows, also where
the version of silver that held them was let go: silver is a function of bronze, which nothing ever
leaves, and of what people had decided by then.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from lakehouse.cleaning import by_flight, clean
from lakehouse.corrections import standing
from lakehouse.digests import chained_digests
from lakehouse.proof.chain import Finding, broken, sound, unknown
from lakehouse.proof.evidence import Evidence, collected
from lakehouse.proof.origin import Origin
from lakehouse.quality import CORRECTIONS
from lakehouse.tables import DELIVERIES, READINGS, SILVER


@dataclass(frozen=True)
class Used:
    """Rows of silver/readings up to the prediction's cycle, and what was found about them."""

    frame: pl.DataFrame
    finding: Finding


@dataclass(frozen=True)
class _Source:
    """One place to look in: ``exact`` where it is as it was when the prediction was made."""

    name: str
    exact: bool
    frame: pl.DataFrame


def used_rows(evidence: Evidence, found: Origin) -> Used:
    """The rows that hash to the prediction's digest, from the first place that has them."""
    said, seen = found.said, pl.DataFrame()
    exact = []
    for source in _sources(evidence, found):
        upto = source.frame.filter(pl.col("cycle") <= said.cycle)
        if _digest(evidence, upto) == said.input_digest:
            words = f"{upto.height:,} flights of {source.name} hash to the digest that was noted"
            return Used(upto, sound(words))
        seen = upto if seen.is_empty() else seen
        exact += [source.name] if source.exact else []
    if exact:
        detail = f"the rows of {' and '.join(exact)} do not hash to the digest that was noted"
        return Used(seen, broken(said.name, detail))
    return Used(seen, unknown(_LOST))


_LOST = (
    "what it was made from was let go, and neither today's silver nor bronze with what is known of "
    "the decisions of that time gives rows that hash to its digest"
)


def _sources(evidence: Evidence, found: Origin) -> Iterator[_Source]:
    said, newest = found.said, evidence.pinned.version(SILVER.name)
    engine = (said.fleet, said.engine)
    for version in dict.fromkeys([found.silver, newest]):
        rows = None if version is None else evidence.rows(SILVER.name, version, engine)
        if rows is not None:
            yield _Source(f"{SILVER.name}@{version}", version == found.silver, rows)
    bronze = evidence.pinned.version(READINGS.name)
    readings = None if bronze is None else evidence.rows(READINGS.name, bronze, engine)
    if readings is None:
        return
    for name, exact, deliveries in _decided(evidence, found):
        words = f"{READINGS.name}@{bronze} with {name}"
        yield _Source(words, exact, _cleaned(evidence, found, readings, deliveries))


def _decided(evidence: Evidence, found: Origin) -> Iterator[tuple[str, bool, pl.DataFrame]]:
    """The deliveries as they were decided on then, else as they may have been."""
    said, then = found.said, found.of(DELIVERIES.name)
    rows = None if then is None else evidence.rows(DELIVERIES.name, then)
    if rows is not None:
        yield f"what was decided by {DELIVERIES.name}@{then}", True, rows
    known = evidence.table(DELIVERIES.name).filter(pl.col("received_at") <= said.predicted_at)
    yield "what is decided now", False, known
    since = known.with_columns(state=pl.col("state").replace("withdrawn", "accepted"))
    yield "what was withdrawn since", False, since


def _cleaned(
    evidence: Evidence, found: Origin, readings: pl.DataFrame, deliveries: pl.DataFrame
) -> pl.DataFrame:
    """What silver said of the engine, by those decisions and the corrections of that time."""
    said, lake = found.said, evidence.lake
    words = evidence.table(CORRECTIONS.name).filter(
        pl.col("fleet") == said.fleet,
        pl.col("engine") == said.engine,
        pl.col("corrected_at") <= said.predicted_at,
    )
    decided = deliveries.select("delivery_id", "state", "received_at")
    corrections = by_flight(standing(words))
    rows = clean(
        lake.frame(readings),
        lake.frame(decided),
        evidence.profile,
        None if corrections is None else lake.frame(corrections),
    )
    return collected(rows)


def _digest(evidence: Evidence, rows: pl.DataFrame) -> str:
    digests = chained_digests(rows, evidence.profile)["input_digest"]
    return str(digests[-1]) if len(digests) else ""
