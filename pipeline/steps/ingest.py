"""ExampleGen and Clean at work: delivered files into bronze, accepted deliveries into silver."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import narwhals as nw
import polars as pl

from lakehouse.cleaning import by_flight, clean
from lakehouse.clock import now
from lakehouse.corrections import standing
from lakehouse.engines.local import no_rows
from lakehouse.quality import CORRECTIONS
from lakehouse.requests import IngestRequest
from lakehouse.tables import DELIVERIES, QUARANTINE, READINGS, SILVER, TRUTH
from pipeline.components.bronze import SAME_FILE, STANDS, Arrival, Bronze, Known, delivery_id
from pipeline.components.clean import change, overtaken
from pipeline.components.example_gen import repeated, take_in
from pipeline.components.truth import in_service_of
from pipeline.sources.delivered import Delivered
from pipeline.sources.download import fetch
from pipeline.sources.files import discover
from pipeline.sources.parsing import parse
from pipeline.sources.simulator import simulate
from pipeline.step import Step, Summary
from pipeline.steps.frames import collect, lazy

Cleaner = Callable[[nw.LazyFrame[Any]], nw.LazyFrame[Any]]


def example_gen(request: IngestRequest, step: Step) -> Summary:
    """Take in every delivery of the request; one bad delivery never stops the others."""
    deliveries, skipped = _arrived(request, step)
    rows = []
    for index, delivered in enumerate(deliveries):
        step.progress(index / len(deliveries), f"reading {delivered.label}")
        rows.append(take(step, delivered, delivery_id(step.origin, delivered)))
    for name, why in skipped:
        step.note(f"skipped {name}: {why}")
    return {"deliveries": rows, "skipped": [list(entry) for entry in skipped]}


def take(step: Step, delivered: Delivered, part: str) -> dict[str, Any]:
    """One delivery into bronze, its own row last; returns how the run's document tells it.

    Args:
        step: of ExampleGen.
        delivered: the delivery.
        part: names this delivery's share of the step's work.
    """
    taken = _taken(step, delivered)
    for table, frame in taken.tables.items():
        # A truth that came twice, by a retry after the same file, stands once.
        write = step.merge if table == TRUTH.name else step.append
        write(table, lazy(frame), part=part)
    return _told(step, taken)


def clean_silver(delivery_ids: Sequence[str], step: Step) -> Summary:
    """Accept what nothing blocks, and bring silver up to date with what was decided just now."""
    _accept(step, delivery_ids)
    deliveries = collect(step.read(DELIVERIES.name))
    states = deliveries.filter(pl.col("delivery_id").is_in(delivery_ids))
    decided = pl.col("state").is_in(["accepted", "withdrawn"])
    ours = states.filter(decided, pl.col("kind") != "truth")
    fleets = sorted(ours["fleet"].unique())
    written = 0
    for index, fleet in enumerate(fleets):
        step.progress(index / len(fleets), f"cleaning {fleet}")
        written += _clean_fleet(step, fleet, ours)
    told = dict(states.select("delivery_id", "state").iter_rows())
    return {"fleets": fleets, "rows": written, "states": told}


def clean_engine(fleet: str, engine: str, step: Step) -> Summary:
    """Bring one engine's silver up to date with what was said of its rows just now."""
    written = _clean_late(step, fleet, (engine,), _cleaner(step, fleet))
    return {"fleets": [fleet], "rows": written}


def _clean_fleet(step: Step, fleet: str, ours: pl.DataFrame) -> int:
    """Newer cycles are appended; engines with late or changed rows are rewritten whole."""
    mine = nw.col("fleet") == fleet
    brought = nw.col("delivery_id").is_in(ours["delivery_id"].to_list())
    # A look at engines and cycles only; what is read and written for good goes by the engine.
    late = overtaken(
        step.look_up(READINGS.name).filter(mine, brought), step.look_up(SILVER.name).filter(mine)
    )
    cleaned = _cleaner(step, fleet)
    fresh = step.read(READINGS.name).filter(mine, brought)
    newer = fresh.filter(~nw.col("engine").is_in(late)) if late else fresh
    part = f"{fleet}/newer@{step.pin(SILVER.name)}"
    written = step.append(SILVER.name, cleaned(newer), part)
    return written + (_clean_late(step, fleet, late, cleaned) if late else 0)


def _clean_late(step: Step, fleet: str, engines: tuple[str, ...], cleaned: Cleaner) -> int:
    """Engines of which something is not newer than all before."""
    theirs = (nw.col("fleet") == fleet, nw.col("engine").is_in(engines))
    lake, before = step.home.lake, step.pin(SILVER.name)
    silver = lake.empty(SILVER.name) if before is None else step.read(SILVER.name, before)
    bronze = step.read(READINGS.name).filter(*theirs)
    with lake.held(cleaned(bronze)) as wanted, lake.held(silver.filter(*theirs)) as current:
        diff = change(current, wanted)
        written = step.append(SILVER.name, diff.append, f"{fleet}/late-newer@{before}")
        if diff.replaced:
            where = {"fleet": [fleet], "engine": [engine for _, engine in diff.replaced]}
            written += step.replace(SILVER.name, diff.rewrite, where, part=f"{fleet}/late")
    return written


def _cleaner(step: Step, fleet: str) -> Cleaner:
    """Clean, by the deliveries of a fleet that are accepted and the corrections that hold."""
    mine, lake = nw.col("fleet") == fleet, step.home.lake
    deliveries = step.read(DELIVERIES.name).filter(mine, nw.col("kind") != "truth")
    arrived = lake.frame(collect(deliveries.select("delivery_id", "state", "received_at")))
    said = by_flight(standing(collect(step.read(CORRECTIONS.name).filter(mine))))
    corrections = None if said is None else lake.frame(said)
    return partial(clean, deliveries=arrived, profile=step.home.profile, corrections=corrections)


def _accept(step: Step, delivery_ids: Sequence[str]) -> None:
    """Accept what was received; what was delivered again meanwhile becomes a duplicate."""
    deliveries = collect(step.read(DELIVERIES.name))
    ours = pl.col("delivery_id").is_in(delivery_ids) & (pl.col("state") == "received")
    first = (
        deliveries.filter(STANDS)
        .sort("received_at")
        .unique(SAME_FILE, keep="first")
        .select(*SAME_FILE, again=pl.col("delivery_id"))
    )
    received = deliveries.filter(ours).join(first, on=SAME_FILE, how="left")
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


def _taken(step: Step, delivered: Delivered) -> Bronze:
    arrival = Arrival(step.origin, step.run.run_id, now())
    deliveries = collect(step.read(DELIVERIES.name))
    again = repeated(delivered, deliveries, arrival)
    if again is not None:
        return again
    parsed = parse(delivered, step.home.profile)
    fleet = deliveries.filter(pl.col("fleet") == delivered.fleet)
    if delivered.kind == "truth":
        return take_in(delivered, parsed, _known_truth(step, delivered, fleet), arrival)
    others = fleet.filter(pl.col("delivery_id") != delivery_id(arrival.root, delivered))
    return take_in(delivered, parsed, _known(step, others, parsed.records), arrival)


def _known(step: Step, deliveries: pl.DataFrame, records: pl.DataFrame) -> Known:
    """What bronze holds of a delivery's engines: of accepted deliveries and of this run's."""
    own = (pl.col("state") == "received") & pl.col("run_id").is_in([step.run.run_id, step.run.root])
    ids = deliveries.filter(STANDS | own)["delivery_id"].to_list()
    none = Known(deliveries, no_rows(READINGS), no_rows(QUARANTINE))
    if records.is_empty() or not ids:
        return none
    theirs = step.look_up(READINGS.name).filter(
        nw.col("delivery_id").is_in(ids),
        nw.col("engine").is_in(records["engine"].unique().to_list()),
    )
    first, last = records["cycle"].min(), records["cycle"].max()
    rows = collect(theirs.filter(nw.col("cycle") >= first, nw.col("cycle") <= last))
    order = deliveries.select("delivery_id", "received_at")
    readings = rows.join(order, on="delivery_id").sort("received_at", "line").drop("received_at")
    return replace(none, readings=readings)


def _known_truth(step: Step, delivered: Delivered, deliveries: pl.DataFrame) -> Known:
    of = in_service_of(delivered, deliveries)
    if of is None:
        return Known(deliveries, no_rows(READINGS), no_rows(QUARANTINE))
    mine = nw.col("delivery_id") == of
    readings = step.look_up(READINGS.name).filter(mine)
    last = readings.group_by("delivery_id", "engine").agg(nw.col("cycle").max())
    return Known(deliveries, collect(last), collect(step.read(QUARANTINE.name).filter(mine)))


def _told(step: Step, taken: Bronze) -> dict[str, Any]:
    """A delivery as the run's document tells it, and its lines for the log."""
    row = taken.delivery.row(0, named=True)
    label = f"{row['source']} {row['member']}".strip()
    state, counts = row["state"], f"{row['accepted']:,} of {row['rows']:,} records"
    level = "warning" if state == "rejected" or row["quarantined"] else "info"
    step.note(f"{label}: {state}, {counts}", level)
    told = {name: value for name, value in row.items() if name != "received_at"}
    return told | {
        "received_at": row["received_at"].isoformat(),
        "reasons": taken.reasons,
        "unknown_columns": list(taken.unknown),
    }
