"""What rows of the tables tell of lineage: the files behind a forecast, what a file touched.

Versions of tables say which steps came one after another; only the rows say whose data it was.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from threading import RLock
from typing import Any

import narwhals as nw
import polars as pl
from cachetools import LRUCache, cached

from app.queries.anomalies import counts_by_delivery
from app.queries.lineage import Lineage, until
from lakehouse.lineage.own import delivery_key
from lakehouse.lineage.starts import Start
from lakehouse.lineage.walk import after
from lakehouse.profiles import Profile
from lakehouse.snapshots import Pinned
from lakehouse.tables import FAILURES, PREDICTIONS, SILVER

PAGE = 25
_SAID = ("fleet", "engine", "cycle", "model_id", "probability", "window_from", "window_to",
         "predicted_at", "run_id")  # fmt: skip


@dataclass(frozen=True)
class Source:
    """One delivered file whose rows a forecast was made from.

    Attributes:
        delivery_id: the delivery.
        label: the file's name.
        sha256: of the file as it was delivered.
        kind: history or in_service.
        state: the verdict on it.
        run_id: the run that took it in.
        rows: how many of the engine's flights it brought.
        first: the first of them.
        last: the last of them.
    """

    delivery_id: str
    label: str
    sha256: str
    kind: str
    state: str
    run_id: str
    rows: int
    first: int
    last: int


@dataclass(frozen=True)
class Touched:
    """What came of a delivery or a model.

    Attributes:
        rows: issued predictions, newest first, with ``how`` it touched them.
        engines: engines whose rows it brought.
        models: models that it taught.
        act: how many of the predictions say act.
        findings: errors and warnings found in it.
    """

    rows: pl.DataFrame
    engines: int = 0
    models: tuple[str, ...] = ()
    act: int = 0
    findings: tuple[int, int] = (0, 0)

    @property
    def pages(self) -> int:
        """Number of pages, at least 1."""
        return max(1, -(-self.rows.height // PAGE))

    def page(self, number: int) -> list[dict[str, Any]]:
        """One page of the predictions, the last one where there are not as many."""
        first = (min(number, self.pages) - 1) * PAGE
        return list(self.rows.slice(first, PAGE).iter_rows(named=True))


def sources(pinned: Pinned, found: Lineage) -> tuple[Source, ...]:
    """The delivered files behind a prediction or an engine, oldest flights first."""
    start = found.start
    if start is None or not all(start.engine):
        return ()
    rows = _brought(pinned, *start.engine, start.cycle)
    return tuple(_source(found, row) for row in rows.iter_rows(named=True))


def touched(pinned: Pinned, profile: Profile, found: Lineage) -> Touched | None:
    """What came of a delivery or a model; None for any other start."""
    start = found.start
    if start is None or found.ask.store or start.kind not in ("delivery", "model"):
        return None
    return _touched(pinned, profile, found, start)


def _source(found: Lineage, row: Mapping[str, Any]) -> Source:
    node = found.graph.nodes.get(delivery_key(str(row["delivery_id"])))
    told = node.properties if node else {}
    return Source(
        delivery_id=str(row["delivery_id"] or ""),
        label=node.label if node else str(row["delivery_id"]),
        sha256=str(told.get("sha256") or ""),
        kind=node.type if node else "",
        state=node.state if node else "",
        run_id=node.run if node else "",
        rows=int(row["rows"]),
        first=int(row["first"]),
        last=int(row["last"]),
    )


@cached(
    LRUCache(64),
    key=lambda pinned, *of: (pinned.lake, pinned.version(SILVER.name), of),
    lock=RLock(),
)
def _brought(pinned: Pinned, fleet: str, engine: str, cycle: int | None) -> pl.DataFrame:
    """Deliveries of an engine's flights up to a cycle, with how many and from which to which."""
    mine = [nw.col("fleet") == fleet, nw.col("engine") == engine]
    if cycle is not None:
        mine.append(nw.col("cycle") <= cycle)
    rows = _frame(pinned, SILVER.name, mine, ("cycle", "delivery_id"))
    ends = (pl.col("cycle").min().alias("first"), pl.col("cycle").max().alias("last"))
    return rows.group_by("delivery_id").agg(pl.len().alias("rows"), *ends).sort("first")


@cached(
    LRUCache(16),
    key=lambda pinned, _profile, found, start: (
        pinned.lake,
        pinned.snapshot.seq,
        found.ask.as_of,
        found.store.stamp,
        start.name,
    ),
    lock=RLock(),
)
def _touched(pinned: Pinned, profile: Profile, found: Lineage, start: Start) -> Touched:
    if start.kind == "model":
        model = start.name.removeprefix("model:")
        rows = _frame(pinned, PREDICTIONS.name, [nw.col("model_id") == model], _SAID)
        said = rows.with_columns(how=pl.lit("it said so"))
        return Touched(_newest(said), said["engine"].n_unique(), (), _act(said, profile))
    told = found.graph.nodes[start.keys[0]].properties
    delivery, fleet = str(told["delivery_id"]), str(told.get("fleet") or "")
    brought = _frame(pinned, SILVER.name, [nw.col("delivery_id") == delivery], ("engine", "cycle"))
    first = brought.group_by("engine").agg(pl.col("cycle").min().alias("first"))
    models = _taught(pinned, found, start, fleet, first)
    said = _of_rows_or_models(pinned, fleet, first, models)
    counts = counts_by_delivery(pinned).filter(pl.col("delivery_id") == delivery)
    findings = (int(counts["errors"].sum()), int(counts["warnings"].sum()))
    return Touched(_newest(said), first.height, models, _act(said, profile), findings)


def _taught(
    pinned: Pinned, found: Lineage, start: Start, fleet: str, brought: pl.DataFrame
) -> tuple[str, ...]:
    """Models of the fleet made after it from the lives of failed engines, if it brought any."""
    failed = _frame(pinned, FAILURES.name, [nw.col("fleet") == fleet], ("engine",))
    if brought.join(failed, on="engine", how="semi").is_empty():
        return ()
    came = after(found.graph, start.keys, until(pinned, found.ask))
    nodes = (found.graph.nodes[key] for key in came)
    models = [n for n in nodes if n.type == "Model" and n.properties.get("fleet") == fleet]
    return tuple(node.label for node in sorted(models, key=lambda node: node.created))


def _of_rows_or_models(
    pinned: Pinned, fleet: str, first: pl.DataFrame, models: tuple[str, ...]
) -> pl.DataFrame:
    engines = first["engine"].to_list()
    either = nw.col("engine").is_in(engines) | nw.col("model_id").is_in(list(models))
    rows = _frame(pinned, PREDICTIONS.name, [nw.col("fleet") == fleet, either], _SAID)
    joined = rows.join(first, on="engine", how="left")
    its_rows = (pl.col("cycle") >= pl.col("first")).fill_null(False)
    its_model = pl.col("model_id").is_in(list(models))
    how = (
        pl.when(its_rows & its_model)
        .then(pl.lit("its rows, and it taught the model"))
        .when(its_rows)
        .then(pl.lit("its rows"))
        .when(its_model)
        .then(pl.lit("it taught the model"))
    )
    return joined.with_columns(how=how).drop_nulls("how").drop("first")


def _newest(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.sort("predicted_at", "fleet", "engine", descending=[True, False, False])


def _act(rows: pl.DataFrame, profile: Profile) -> int:
    return int((rows["probability"] >= profile.act_probability).sum())


def _frame(pinned: Pinned, table: str, where: list[Any], columns: tuple[str, ...]) -> pl.DataFrame:
    rows = pinned.scan(table).filter(*where).select(*columns).collect("polars")
    frame: pl.DataFrame = rows.to_native()
    return frame
