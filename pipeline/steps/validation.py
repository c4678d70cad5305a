"""ExampleValidator at work: what is wrong with each delivery, and whether it may go on."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import narwhals as nw
import polars as pl

from lakehouse.clock import now
from lakehouse.quality import ANOMALIES, LIMITS, NORMALS
from lakehouse.serving import live
from lakehouse.tables import DELIVERIES, ENGINE_STATUS, READINGS, SILVER
from lakehouse.validation.files import ANOMALIES as ANOMALIES_FILE
from lakehouse.validation.files import anomalies_bytes
from lakehouse.validation.finding import Finding
from lakehouse.validation.protos import Statistics
from lakehouse.validation.series.check import foreign, inspect
from lakehouse.validation.series.ground import ground
from lakehouse.validation.series.reference import portrait, reference
from lakehouse.validation.series.summary import summary
from pipeline.components.bronze import SAME_FILE, STANDS
from pipeline.components.example_validator import Validated, example_validator
from pipeline.step import Step, Summary
from pipeline.steps.frames import collect, lazy
from pipeline.steps.schema import load_schema
from pipeline.steps.statistics import Taken, is_near, load_statistics, readings_near, received

# Of fewer flights a histogram says more about chance than about the fleet.
LEAST_COMPARED = 1_000
# So many findings of a delivery stand in the run's log; all of them are in the table.
SHOWN = 10
# A fleet's normals are worked out anew when it has flown so many times as much since.
GROWN = 1.25
# Told, and taken in: bad values become null in silver, new columns stay in bronze, and a fleet may
# be used in another way than before.
TOLD_ONLY = (
    "SCHEMA_NEW_COLUMN",
    "INVALID_FEATURE_SHAPE",
    "FEATURE_TYPE_NOT_PRESENT",
    "FEATURE_TYPE_LOW_FRACTION_PRESENT",
    "FEATURE_TYPE_LOW_NUMBER_PRESENT",
    "COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH",
    "COMPARATOR_L_INFTY_HIGH",
)


@dataclass(frozen=True)
class _Judged:
    """One delivery and what was found in it."""

    row: Mapping[str, Any]
    validated: Validated | None
    findings: tuple[Finding, ...]

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.severity == "error")


def validate(taken: Taken, step: Step) -> Summary:
    """Write down what is wrong with every delivery of a run, and block those with errors."""
    rows = received(taken)
    judged = []
    for index, row in enumerate(rows):
        step.progress(index / len(rows), f"validating {row['source']}")
        judged.append(_judge(step, row, rows[:index]))
        _tell(step, judged[-1])
        _publish(step, judged[-1])
    _write_anomalies(step, judged)
    _block(step, judged)
    return {
        "deliveries": [_told(each) for each in judged],
        "blocked": sorted({each.row["fleet"] for each in judged if each.errors}),
    }


def _judge(step: Step, row: Mapping[str, Any], before: Sequence[Mapping[str, Any]]) -> _Judged:
    validated = _held_against_schema(step, row, before)
    softened = tuple(
        replace(finding, severity="warning") if finding.type in TOLD_ONLY else finding
        for finding in (() if validated is None else validated.findings)
    )
    extra = tuple(
        Finding("warning", "SCHEMA_NEW_COLUMN", f"{name} is in no contract: kept in bronze", name)
        for name in row["unknown_columns"]
    )
    series = _series(step, row, [each["delivery_id"] for each in before])
    found = (*series, *softened, *extra)
    return _Judged(row, validated, tuple(sorted(found, key=lambda each: each.severity)))


def _held_against_schema(
    step: Step, row: Mapping[str, Any], before: Sequence[Mapping[str, Any]]
) -> Validated | None:
    statistics, schema = load_statistics(step, row["delivery_id"]), load_schema(step, row["fleet"])
    if statistics is None or schema is None:
        return None
    previous = _previous(step, row, before)
    return example_validator(statistics, schema, previous, _training(step, row))


def _previous(
    step: Step, row: Mapping[str, Any], before: Sequence[Mapping[str, Any]]
) -> Statistics | None:
    """Those of the delivery before it of the same fleet and kind, when both are long enough."""
    if row["accepted"] < LEAST_COMPARED:
        return None
    own = [each["delivery_id"] for each in before]
    known = collect(step.read(DELIVERIES.name)).filter(
        pl.col("fleet") == row["fleet"],
        pl.col("kind") == row["kind"],
        pl.col("accepted") >= LEAST_COMPARED,
        (pl.col("state") == "accepted") | pl.col("delivery_id").is_in(own),
        pl.col("delivery_id") != row["delivery_id"],
    )
    earlier = known.sort("received_at", descending=True)["delivery_id"]
    return load_statistics(step, earlier[0]) if len(earlier) else None


def _training(step: Step, row: Mapping[str, Any]) -> Statistics | None:
    """Those of the flights that the live model learnt from, for what it is to score."""
    served = live(step.home.settings.serving, row["fleet"])
    if served is None or row["kind"] != "in_service" or row["accepted"] < LEAST_COMPARED:
        return None
    return load_statistics(step, served.transform_id)


def _series(step: Step, row: Mapping[str, Any], before: list[str]) -> tuple[Finding, ...]:
    """The time-series checks, where the flights are."""
    lake, profile = step.home.lake, step.home.profile
    names = ("fleet", "engine", "cycle", "line", *profile.signal_names)
    mine = readings_near(step, row).filter(nw.col("delivery_id") == row["delivery_id"])
    records = mine.select(*names)
    own = _reference(step, records)
    if own.is_empty():
        return ()
    limits = collect(step.read(LIMITS.name).filter(nw.col("fleet") == row["fleet"]))
    base = ground(own, normals(step, row["fleet"]), profile, limits)
    engines = collect(records.select("engine").unique())["engine"].to_list()
    rows = nw.concat([records, *_known(step, row, engines, before)])
    hits = collect(lake.by_unit(rows.select(*names), partial(inspect, ground=base)))
    return foreign(base, own) + summary(hits, len(engines), profile)


def _known(
    step: Step, row: Mapping[str, Any], engines: list[str], before: list[str]
) -> list[nw.LazyFrame[Any]]:
    """Flights of the delivered engines that silver has, or that came earlier in this run."""
    names = ("fleet", "engine", "cycle", "line", *step.home.profile.signal_names)
    marked = nw.lit(None).cast(nw.Int64).alias("line")
    theirs = (nw.col("fleet") == row["fleet"], nw.col("engine").is_in(engines))
    parts = []
    if step.version(SILVER.name) is not None:
        silver = step.look_up if is_near(row) else step.read
        # A batch that comes again after a crash may be there already; it does not repeat itself.
        others = nw.col("delivery_id") != row["delivery_id"]
        parts.append(silver(SILVER.name).filter(*theirs, others))
    if before:
        earlier = nw.col("delivery_id").is_in(before)
        parts.append(readings_near(step, row).filter(*theirs, earlier))
    return [part.with_columns(marked).select(*names) for part in parts]


def normals(step: Step, fleet: str) -> pl.DataFrame | None:
    """What is normal for a fleet, worked out anew when it has grown; None before it flew."""
    status = collect(step.read(ENGINE_STATUS.name).filter(nw.col("fleet") == fleet))
    flights = int(status["cycles_seen"].sum() or 0)
    if not flights:
        return None
    known = collect(step.read(NORMALS.name).filter(nw.col("fleet") == fleet))
    if known.height and flights < GROWN * known["flights"][0]:
        return known.drop("fleet", "flights", "silver_version")
    fresh = _reference(step, step.read(SILVER.name).filter(nw.col("fleet") == fleet))
    written = fresh.with_columns(
        fleet=pl.lit(fleet),
        flights=pl.lit(flights, pl.Int64),
        silver_version=pl.lit(step.version(SILVER.name), pl.Int64),
    )
    step.replace(NORMALS.name, lazy(written), {"fleet": [fleet]}, part=fleet)
    return fresh


def _reference(step: Step, rows: nw.LazyFrame[Any]) -> pl.DataFrame:
    portraits = step.home.lake.by_unit(rows, partial(portrait, profile=step.home.profile))
    return collect(reference(portraits)).sort("regime", "column")


def _tell(step: Step, judged: _Judged) -> None:
    """The run's log: the first findings, errors first, and how many more there are."""
    label = Path(judged.row["source"]).name
    for finding in judged.findings[:SHOWN]:
        where = " ".join(filter(None, (finding.column, finding.engine)))
        words = f"{label}: {finding.type} {where}".rstrip()
        step.note(f"{words}: {finding.detail}", finding.severity)
    if (more := len(judged.findings) - SHOWN) > 0:
        step.note(f"{label}: {more:,} more anomalies", "warning")


def _publish(step: Step, judged: _Judged) -> None:
    """The anomalies of one delivery as TFX writes them, blessed when nothing blocks it."""
    row, validated = judged.row, judged.validated

    def fill(folder: Path) -> None:
        if validated is not None:
            split = folder / f"Split-{row['kind']}"
            split.mkdir()
            (split / ANOMALIES_FILE).write_bytes(anomalies_bytes(validated.anomalies))
        text = pl.DataFrame([asdict(each) for each in judged.findings]).write_json()
        (folder / "findings.json").write_text(text)

    warnings = len(judged.findings) - len(judged.errors)
    known = {"fleet": row["fleet"], "errors": len(judged.errors), "warnings": warnings}
    blessed = int(not judged.errors)
    splits = json.dumps([row["kind"]])
    name = f"{row['delivery_id']}.{step.run.run_id}"
    step.publish("ExampleAnomalies", name, fill, split_names=splits, blessed=blessed, **known)


def _write_anomalies(step: Step, judged: Sequence[_Judged]) -> None:
    version, at = step.version(READINGS.name), now()
    rows = [
        asdict(finding)
        | {
            "anomaly_id": _anomaly_id(each.row["delivery_id"], finding),
            "run_id": step.run.run_id,
            "table": READINGS.name,
            "table_version": version,
            "fleet": each.row["fleet"],
            "delivery_id": each.row["delivery_id"],
            "found_at": at,
        }
        for each in judged
        for finding in each.findings
    ]
    if not rows:
        return
    types: dict[str, Any] = dict.fromkeys(("engine", "column", "limit_id"), pl.String)
    types |= dict.fromkeys(("first_cycle", "last_cycle", "table_version"), pl.Int64)
    frame = pl.DataFrame(rows, schema_overrides=types, infer_schema_length=None)
    step.append(ANOMALIES.name, lazy(frame.unique("anomaly_id", maintain_order=True)))


def _anomaly_id(delivery_id: str, finding: Finding) -> str:
    text = f"{delivery_id}/{sorted(asdict(finding).items())}"
    return f"a-{sha256(text.encode()).hexdigest()[:12]}"


def _block(step: Step, judged: Sequence[_Judged]) -> None:
    """Block what has errors; what was delivered again meanwhile is left to become a duplicate."""
    wrong = {each.row["delivery_id"]: _reason(each.errors[0]) for each in judged if each.errors}
    deliveries = collect(step.read(DELIVERIES.name))
    mine = pl.col("delivery_id").is_in(list(wrong)) & (pl.col("state") == "received")
    new = deliveries.filter(mine).join(deliveries.filter(STANDS), on=SAME_FILE, how="anti")
    reasons = pl.col("delivery_id").replace_strict(wrong, default=None, return_dtype=pl.String)
    blocked = new.with_columns(state=pl.lit("blocked"), reason=reasons)
    if blocked.height:
        step.merge(DELIVERIES.name, lazy(blocked), part=f"blocked@{step.pin(DELIVERIES.name)}")


def with_verdict(taken: Taken, verdict: Summary, states: Mapping[str, str]) -> list[dict[str, Any]]:
    """The deliveries of a run as its document tells them: with their final state."""
    told = {each["delivery_id"]: each for each in verdict["deliveries"]}
    return [
        {**row, **told.get(row["delivery_id"], {})}
        | {"state": states.get(row["delivery_id"], row["state"])}
        for row in taken
    ]


def _told(judged: _Judged) -> dict[str, Any]:
    """A verdict for the run's document."""
    errors = len(judged.errors)
    told = {
        "delivery_id": judged.row["delivery_id"],
        "anomalies": {"errors": errors, "warnings": len(judged.findings) - errors},
    }
    return told | ({"reason": _reason(judged.errors[0])} if errors else {})


def _reason(finding: Finding) -> str:
    return ": ".join(filter(None, (finding.type, finding.column, finding.detail)))
