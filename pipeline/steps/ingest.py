"""ExampleGen and Clean at work: delivered files into bronze, accepted deliveries into silver."""

from collections.abc import Sequence
from typing import Any

import narwhals as nw
import polars as pl

from lakehouse.clock import now
from lakehouse.requests import IngestRequest
from lakehouse.tables import DELIVERIES, QUARANTINE, READINGS, SILVER, TRUTH
from pipeline.components.bronze import Arrival, Bronze, Known
from pipeline.components.clean import change, clean
from pipeline.components.example_gen import repeated, take_in
from pipeline.components.truth import in_service_of
from pipeline.runner import Step, Summary
from pipeline.sources.delivered import Delivered
from pipeline.sources.download import fetch
from pipeline.sources.files import discover
from pipeline.sources.parsing import parse
from pipeline.sources.simulator import simulate
from pipeline.steps.frames import collect, lazy

STANDING = ("accepted", "blocked")


def example_gen(request: IngestRequest, step: Step) -> Summary:
    """Take in every delivery of the request; one bad delivery never stops the others."""
    deliveries, skipped = _arrived(request, step)
    rows = []
    for index, delivered in enumerate(deliveries):
        step.progress(index / len(deliveries), f"reading {delivered.label}")
        taken = _take(step, delivered)
        for table, frame in taken.tables.items():
            # A truth that came twice, by a retry after the same file, stands once.
            write = step.merge if table == TRUTH.name else step.append
            write(table, lazy(frame), part=taken.delivery["delivery_id"][0])
        rows.append(_told(step, taken))
    for name, why in skipped:
        step.note(f"skipped {name}: {why}")
    return {"deliveries": rows, "skipped": [list(entry) for entry in skipped]}


def clean_silver(delivery_ids: Sequence[str], step: Step) -> Summary:
    """Accept the run's deliveries and bring silver up to date with them."""
    _accept(step, delivery_ids)
    accepted = collect(step.read(DELIVERIES.name)).filter(pl.col("state") == "accepted")
    ours = accepted.filter(pl.col("delivery_id").is_in(delivery_ids))
    fleets = sorted(ours.filter(pl.col("kind") != "truth")["fleet"].unique())
    written = 0
    for index, fleet in enumerate(fleets):
        step.progress(index / len(fleets), f"cleaning {fleet}")
        written += _clean_fleet(step, fleet, accepted, ours)
    return {"fleets": fleets, "rows": written}


def _clean_fleet(step: Step, fleet: str, accepted: pl.DataFrame, ours: pl.DataFrame) -> int:
    """Newer cycles are appended; engines with late or changed rows are rewritten whole."""
    mine = nw.col("fleet") == fleet
    bronze = step.read(READINGS.name).filter(mine)
    concerned = _engines(bronze, ours["delivery_id"].to_list())
    wanted = nw.col("engine").is_in(concerned)
    silver = clean(bronze.filter(wanted), lazy(accepted), step.home.profile)
    before = step.read(SILVER.name).filter(mine, wanted)
    diff = change(before.collect("polars"), silver.collect("polars"))
    if len(diff.append):
        part = f"{fleet}/newer@{step.pin(SILVER.name)}"
        step.append(SILVER.name, diff.append.lazy(), part)
    if diff.replaced:
        where = {"fleet": [fleet], "engine": [engine for _, engine in diff.replaced]}
        step.replace(SILVER.name, diff.rewrite.lazy(), where, part=f"{fleet}/late")
    return len(diff.append) + len(diff.rewrite)


def _engines(bronze: nw.LazyFrame[Any], delivery_ids: list[str]) -> list[str]:
    rows = bronze.filter(nw.col("delivery_id").is_in(delivery_ids)).select("engine").unique()
    return sorted(collect(rows)["engine"])


def _accept(step: Step, delivery_ids: Sequence[str]) -> None:
    """Accept what was received; what was delivered again meanwhile becomes a duplicate."""
    # Validation has no say yet: what could be read is accepted.
    deliveries = collect(step.read(DELIVERIES.name))
    ours = pl.col("delivery_id").is_in(delivery_ids) & (pl.col("state") == "received")
    same = ["fleet", "kind", "sha256"]
    standing = deliveries.filter(pl.col("state").is_in(STANDING)).sort("received_at")
    first = standing.unique(same, keep="first").select(*same, again=pl.col("delivery_id"))
    received = deliveries.filter(ours).join(first, on=same, how="left")
    new = pl.col("again").is_null()
    decided = received.with_columns(
        state=pl.when(new).then(pl.lit("accepted")).otherwise(pl.lit("duplicate")),
        duplicate_of=pl.col("again"),
    ).drop("again")
    if decided.height:
        step.merge(DELIVERIES.name, lazy(decided), part=f"accepted@{step.pin(DELIVERIES.name)}")


def _arrived(
    request: IngestRequest, step: Step
) -> tuple[Sequence[Delivered], Sequence[tuple[str, str]]]:
    """The deliveries to take in, made or downloaded first where the request says so."""
    folder = step.home.settings.home / "landing"
    if request.simulate is not None:
        return simulate(folder / "simulated", request.simulate), ()
    paths: list[Any] = list(request.paths)
    if request.fetch is not None:
        paths = [*fetch(request.fetch, folder / "fetched", step.progress)]
    found = discover(paths, request.fleet, request.kind)
    return found.deliveries, found.skipped


def _take(step: Step, delivered: Delivered) -> Bronze:
    arrival = Arrival(step.run.root, step.run.run_id, now())
    deliveries = collect(step.read(DELIVERIES.name))
    again = repeated(delivered, deliveries, arrival)
    if again is not None:
        return again
    parsed = parse(delivered, step.home.profile)
    fleet = deliveries.filter(pl.col("fleet") == delivered.fleet)
    if delivered.kind == "truth":
        return take_in(delivered, parsed, _known_truth(step, delivered, fleet), arrival)
    engines = parsed.records["engine"].unique().to_list() if parsed.records.height else []
    return take_in(delivered, parsed, _known(step, fleet, engines), arrival)


def _known(step: Step, deliveries: pl.DataFrame, engines: list[str]) -> Known:
    """What bronze holds of some engines: of accepted deliveries and of this run's."""
    standing = pl.col("state").is_in(STANDING)
    own = (pl.col("state") == "received") & pl.col("run_id").is_in([step.run.run_id, step.run.root])
    ids = deliveries.filter(standing | own)["delivery_id"].to_list()
    rows = step.read(READINGS.name).filter(
        nw.col("delivery_id").is_in(ids), nw.col("engine").is_in(engines)
    )
    order = deliveries.select("delivery_id", "received_at")
    readings = collect(rows).join(order, on="delivery_id").sort("received_at", "line")
    return Known(deliveries, readings.drop("received_at"), _none(step, QUARANTINE.name))


def _known_truth(step: Step, delivered: Delivered, deliveries: pl.DataFrame) -> Known:
    of = in_service_of(delivered, deliveries)
    if of is None:
        return Known(deliveries, _none(step, READINGS.name), _none(step, QUARANTINE.name))
    mine = nw.col("delivery_id") == of
    readings = collect(step.read(READINGS.name).filter(mine))
    return Known(deliveries, readings, collect(step.read(QUARANTINE.name).filter(mine)))


def _none(step: Step, table: str) -> pl.DataFrame:
    return collect(step.home.lake.empty(table))


def _told(step: Step, taken: Bronze) -> dict[str, Any]:
    """A delivery as the run's document tells it, and its lines for the log."""
    row = taken.delivery.row(0, named=True)
    label = f"{row['source']} {row['member']}".strip()
    state, counts = row["state"], f"{row['accepted']:,} of {row['rows']:,} records"
    level = "warning" if state == "rejected" or row["quarantined"] else "info"
    step.note(f"{label}: {state}, {counts}", level)
    for warned in taken.warnings:
        engines = f" ({', '.join(warned.engines)}, …)" if warned.engines else ""
        step.note(f"{label}: {warned.code}: {warned.detail}{engines}", "warning")
    told = {name: value for name, value in row.items() if name != "received_at"}
    warnings = [{"code": w.code, "detail": w.detail} for w in taken.warnings]
    return told | {
        "received_at": row["received_at"].isoformat(),
        "reasons": taken.reasons,
        "warnings": warnings,
    }
