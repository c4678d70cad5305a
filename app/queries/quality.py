"""Read model of the data quality page: deliveries with their verdict, and what was found."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Self

import polars as pl

from app.queries import anomalies, deliveries
from app.queries.anomalies import Anomaly
from app.queries.deliveries import Delivery
from lakehouse.snapshots import Pinned

DELIVERIES_SHOWN = 25
ANOMALIES_SHOWN = 50
# More columns than this make no overview; they are counted together.
COLUMNS_SHOWN = 24
LONGEST = 200


@dataclass(frozen=True)
class Ask:
    """What is asked for, as the URL says it; empty and 1 for what it does not say.

    Attributes:
        fleet: of deliveries and findings.
        state: of deliveries.
        severity: error or warning.
        column: a column, ``-`` for findings that name none.
        engine: an engine, or part of a name.
        delivery: only this delivery, told in full.
        deliveries: page of the deliveries, from 1.
        page: page of the findings, from 1.
    """

    fleet: str = ""
    state: str = ""
    severity: str = ""
    type: str = ""
    column: str = ""
    engine: str = ""
    delivery: str = ""
    deliveries: int = 1
    page: int = 1

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Self:
        """From a URL's query; what makes no sense there is left out."""
        words = {each.name: query.get(each.name, "").strip()[:LONGEST] for each in fields(cls)}
        pages = {name: _page(words.pop(name)) for name in ("deliveries", "page")}
        given: dict[str, Any] = words | pages
        return cls(**given)

    def to(self, **changes: str | int) -> dict[str, str]:
        """The query of another view, first pages unless they are asked for."""
        values: dict[str, Any] = {"deliveries": 1, "page": 1, **changes}
        other = replace(self, **values)
        return {name: str(value) for name, value in asdict(other).items() if value not in ("", 1)}


@dataclass(frozen=True)
class Overview:
    """How many findings there are of each type in each column.

    Attributes:
        types: the commonest first.
        columns: in their order; None stands for findings that name no column.
        counts: (type, column) to (errors, warnings).
        left_out: columns that are not listed.
    """

    types: tuple[str, ...] = ()
    columns: tuple[str | None, ...] = ()
    counts: Mapping[tuple[str, str | None], tuple[int, int]] = field(default_factory=dict)
    left_out: int = 0


@dataclass(frozen=True)
class QualityPage:
    """What the page shows.

    Attributes:
        deliveries: one page of them.
        delivered: how many match, on all pages.
        states: state to number of deliveries, whatever state is asked for.
        chosen: the delivery that is told in full, None for none or an unknown one.
        anomalies: one page of them.
        found: how many match, on all pages.
        errors: how many of them are errors.
        any_at_all: something was delivered at some time.
    """

    ask: Ask
    deliveries: tuple[Delivery, ...]
    delivered: int
    states: Mapping[str, int]
    chosen: Delivery | None
    anomalies: tuple[Anomaly, ...]
    found: int
    errors: int
    overview: Overview
    fleets: tuple[str, ...]
    types: tuple[str, ...]
    columns: tuple[str | None, ...]
    any_at_all: bool


def quality_page(pinned: Pinned, ask: Ask) -> QualityPage:
    """One view of the data quality page; reads no bronze or silver readings."""
    delivered = deliveries.selected(pinned, ask.fleet, ask.state)
    every = anomalies.known(pinned)
    around = _narrowed(every, ask)
    found = _matching(around, ask)
    return QualityPage(
        ask,
        deliveries=deliveries.told(_slice(delivered, ask.deliveries, DELIVERIES_SHOWN)),
        delivered=delivered.height,
        states=deliveries.states(pinned, ask.fleet),
        chosen=deliveries.one(pinned, ask.delivery) if ask.delivery else None,
        anomalies=anomalies.told(_slice(found, ask.page, ANOMALIES_SHOWN)),
        found=found.height,
        errors=int((found["severity"] == "error").sum()),
        overview=overview(around),
        fleets=deliveries.fleets(pinned),
        types=tuple(every["type"].drop_nulls().unique().sort()),
        columns=tuple(every["column"].unique().sort(nulls_last=True)),
        any_at_all=not deliveries.known(pinned).is_empty(),
    )


def overview(found: pl.DataFrame) -> Overview:
    """Counts of findings by type and column."""
    error = pl.col("severity") == "error"
    cells = found.group_by("type", "column").agg(
        error.sum().alias("errors"), (~error).sum().alias("warnings"), pl.len().alias("n")
    )
    columns = cells.group_by("column").agg(pl.col("n").sum()).sort("n", "column", descending=True)
    kept = columns["column"].head(COLUMNS_SHOWN).to_list()
    types = cells.group_by("type").agg(pl.col("errors", "n").sum())
    ordered = types.sort("errors", "n", "type", descending=[True, True, False])["type"]
    counts = {
        (row["type"], row["column"]): (row["errors"], row["warnings"])
        for row in cells.iter_rows(named=True)
    }
    left_out = columns.height - len(kept)
    return Overview(tuple(ordered), tuple(sorted(kept, key=_in_order)), counts, left_out)


def _in_order(column: str | None) -> tuple[bool, str, int]:
    """``sensor_2`` before ``sensor_11``, and what names no column last."""
    word, _, number = (column or "").rpartition("_")
    return (column is None, word or str(column), int(number) if number.isdecimal() else 0)


def _narrowed(every: pl.DataFrame, ask: Ask) -> pl.DataFrame:
    """By what the overview does not show: fleet, delivery, severity, engine."""
    frame = every
    for name, value in (("fleet", ask.fleet), ("delivery_id", ask.delivery)):
        frame = frame.filter(pl.col(name) == value) if value else frame
    if ask.severity:
        frame = frame.filter(pl.col("severity") == ask.severity)
    if ask.engine:
        same = frame.filter(pl.col("engine") == ask.engine)
        part = pl.col("engine").str.to_lowercase().str.contains(ask.engine.lower(), literal=True)
        frame = same if same.height else frame.filter(part)
    return frame


def _matching(frame: pl.DataFrame, ask: Ask) -> pl.DataFrame:
    found = frame.filter(pl.col("type") == ask.type) if ask.type else frame
    if ask.column == "-":
        return found.filter(pl.col("column").is_null())
    return found.filter(pl.col("column") == ask.column) if ask.column else found


def _slice(frame: pl.DataFrame, page: int, size: int) -> pl.DataFrame:
    last = max(1, -(-frame.height // size))
    return frame.slice((min(page, last) - 1) * size, size)


def _page(text: str) -> int:
    return max(int(text), 1) if text.isdecimal() and len(text) < 8 else 1
