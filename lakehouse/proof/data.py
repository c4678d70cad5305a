"""The links from a prediction back to the delivered file: rows, versions, deliveries, verdicts."""

import json
from collections.abc import Iterable, Mapping
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import polars as pl

from lakehouse.artifacts import file_sha256
from lakehouse.clock import iso
from lakehouse.proof.chain import About, Finding, Link, Part, broken, link, sound, unknown
from lakehouse.proof.evidence import Evidence
from lakehouse.proof.origin import NODE, Origin
from lakehouse.proof.rows import Used, used_rows
from lakehouse.quality import CORRECTIONS, SCHEMAS
from lakehouse.records import Artifact
from lakehouse.tables import DELIVERIES, FEATURES, PREDICTIONS, READINGS, SILVER

PACKED = (".gz", ".zip")
Row = Mapping[str, Any]


def data_links(evidence: Evidence, found: Origin) -> Iterable[Link]:
    """From what was said to the delivered files and the verdict on them."""
    used = used_rows(evidence, found)
    deliveries = _deliveries(evidence, used)
    yield _prediction(evidence, found)
    yield _rows(found, used)
    yield _version(evidence, found, ("silver", "Cleaned rows"), (SILVER.name, found.silver))
    yield _version(evidence, found, ("features", "Features"), (FEATURES.name, found.features))
    yield _bronze(evidence, found)
    yield _delivery(evidence, deliveries)
    yield _schema(evidence, deliveries)
    yield _validation(evidence, deliveries)


def _prediction(evidence: Evidence, found: Origin) -> Link:
    """The row itself, as it stands now, and that its step is recorded."""
    said, version = found.said, evidence.pinned.version(PREDICTIONS.name)
    assert version is not None  # noqa: S101  (the row was read from it)
    about: About = {
        "table": PREDICTIONS.name,
        "version": version,
        "engine": f"{said.fleet}/{said.engine}",
    }
    parts = [
        Part("table", f"{PREDICTIONS.name}@{version}", about),
        Part("said", iso(said.predicted_at)),
        Part("by run", said.run_id, {"run": said.run_id}),
    ]
    finding = evidence.versions.check(PREDICTIONS.name, version)
    if finding.faults:
        # What the row says cannot be relied on either.
        finding += broken(said.name, "its table was changed")
    else:
        finding += _recorded(evidence, said.run_id)
    return link("prediction", "What was said", parts, finding)


def _recorded(evidence: Evidence, run_id: str) -> Finding:
    where = f"{run_id}.{NODE}"
    if any(step.node == NODE for step in evidence.steps(run_id)):
        return sound(f"ML Metadata has the step {where}")
    run = evidence.run(run_id)
    if run is not None and run.state != "SUCCEEDED":
        return unknown(f"ML Metadata does not have the step {where} yet: its run is {run.state}")
    return broken(where, "ML Metadata has no such step")


def _rows(found: Origin, used: Used) -> Link:
    said, cycles = found.said, used.frame["cycle"] if used.frame.height else ()
    about: About = {"engine": said.engine, "fleet": said.fleet}
    parts = [
        Part("engine", f"{said.fleet}/{said.engine}", about),
        Part("digest", said.input_digest),
    ]
    if len(cycles):
        parts.insert(1, Part("flights", f"{len(cycles):,}, cycles {min(cycles)}–{max(cycles)}"))
    return link("rows", "Rows used", parts, used.finding)


def _version(
    evidence: Evidence, found: Origin, named: tuple[str, str], at: tuple[str, int | None]
) -> Link:
    (name, label), (table, version) = named, at
    if version is None:
        gap = unknown(f"nothing tells any more which version of {table} it was")
        return link(name, label, [Part("table", table, {"table": table})], gap)
    engine = f"{found.said.fleet}/{found.said.engine}"
    about: About = {"table": table, "version": version, "engine": engine}
    parts = [Part("table", f"{table}@{version}", about)]
    run = evidence.versions.note(table, version).get("run_id")
    if run:
        parts.append(Part("written by run", str(run), {"run": str(run)}))
    return link(name, label, parts, evidence.versions.check(table, version))


def _bronze(evidence: Evidence, found: Origin) -> Link:
    """What was delivered, and what people said about it."""
    made = _version(evidence, found, ("bronze", "Delivered rows"), (READINGS.name, found.bronze))
    version = found.of(CORRECTIONS.name)
    if version is None:
        return made
    about: About = {"table": CORRECTIONS.name, "version": version}
    parts = [*made.parts, Part("corrections", f"{CORRECTIONS.name}@{version}", about)]
    finding = evidence.versions.check(CORRECTIONS.name, version)
    if found.bronze is not None:
        finding = evidence.versions.check(READINGS.name, found.bronze) + finding
    return link(made.name, made.label, parts, finding)


def _deliveries(evidence: Evidence, used: Used) -> tuple[Row, ...]:
    """The deliveries that brought the rows, oldest first."""
    if used.frame.is_empty():
        return ()
    ids = used.frame["delivery_id"].unique().to_list()
    rows = evidence.table(DELIVERIES.name).filter(pl.col("delivery_id").is_in(ids))
    return tuple(rows.sort("received_at", "delivery_id").iter_rows(named=True))


def _delivery(evidence: Evidence, deliveries: tuple[Row, ...]) -> Link:
    parts = [
        part
        for row in deliveries
        for part in (
            Part("file", _file_name(row), {"delivery": row["delivery_id"], "fleet": row["fleet"]}),
            Part("sha256", str(row["sha256"])),
            Part("received", iso(row["received_at"]), {"run": row["run_id"]}),
        )
    ]
    version = evidence.pinned.version(DELIVERIES.name)
    finding = _none(deliveries)
    if version is not None:
        finding += evidence.versions.check(DELIVERIES.name, version)
    for row in deliveries:
        finding += evidence.once("came", row["delivery_id"], partial(_came, evidence, row))
    return link("delivery", "Delivered file", parts, finding)


def _none(deliveries: tuple[Row, ...]) -> Finding:
    return Finding() if deliveries else unknown("its rows are not known, so neither is their file")


def _file_name(row: Row) -> str:
    name = Path(str(row["source"])).name
    return f"{name}/{row['member']}" if row["member"] else name


def _came(evidence: Evidence, row: Row) -> Finding:
    """Whether bronze still holds what a delivery brought, and its file is still what it was."""
    name, held = row["delivery_id"], evidence.delivered(row["delivery_id"])
    if held is None:
        return unknown("bronze cannot be read, so its records cannot be counted")
    if held != row["accepted"]:
        detail = f"it brought {row['accepted']:,} records, bronze holds {held:,}"
        return broken(f"delivery {name}", detail)
    return sound(f"bronze holds all {held:,} records of {_file_name(row)}") + _file(evidence, row)


def _file(evidence: Evidence, row: Row) -> Finding:
    """Whether the file is still where it was delivered from; its owner may change it."""
    path, name = Path(str(row["source"])), _file_name(row)
    if row["member"] or path.suffix in PACKED or not path.is_absolute() or not path.is_file():
        return sound(f"{name} is not looked at: it is packed, or no longer where it came from")
    if file_sha256(path) == row["sha256"]:
        return sound(f"{name} is still where it came from, and hashes to its sha256")
    if path.is_relative_to(evidence.settings.uploads):
        where = path.relative_to(evidence.settings.home).as_posix()
        return broken(where, "its sha256 is not that of the delivery")
    return sound(f"where {name} came from now stands another file, which is its owner's right")


def _schema(evidence: Evidence, deliveries: tuple[Row, ...]) -> Link:
    """The schemas that the deliveries were held against."""
    parts, finding = [], _none(deliveries)
    decided = evidence.pinned.version(SCHEMAS.name)
    if decided is not None:
        finding += evidence.versions.check(SCHEMAS.name, decided)
    for schema in dict.fromkeys(name for row in deliveries for name in _schemas(evidence, row)):
        artifact = evidence.artifact("Schema", schema)
        fleet = "" if artifact is None else str(artifact.properties["fleet"])
        parts.append(Part("schema", schema, {"schema": fleet}))
        parts += _decision(evidence, schema)
        finding += _schema_holds(evidence, schema, artifact)
    if deliveries and not parts:
        finding += sound("the fleet had no schema when these came")
    return link("schema", "Schema", parts, finding)


def _schemas(evidence: Evidence, row: Row) -> list[str]:
    anomalies = _anomalies(evidence, row)
    step = None if anomalies is None else evidence.producer(anomalies)
    used = () if step is None else evidence.inputs(step)
    schemas = [each.artifact for each in used if each.artifact.type == "Schema"]
    return [each.name for each in schemas if each.properties["fleet"] == row["fleet"]]


def _decision(evidence: Evidence, schema: str) -> list[Part]:
    """Who let a schema hold, and why."""
    rows = evidence.table(SCHEMAS.name).filter(
        pl.col("schema_id") == schema, pl.col("state") == "accepted"
    )
    if rows.is_empty():
        return []
    row = rows.sort("at").row(-1, named=True)
    return [Part("accepted by", f"{row['who']}: {row['reason']}", {"run": row["run_id"]})]


def _schema_holds(evidence: Evidence, schema: str, artifact: Artifact | None) -> Finding:
    """A schema is named by what it says: fleet and text hash to its id."""
    if artifact is None:
        return broken(f"schema {schema}", "ML Metadata does not know it")
    finding = evidence.folder(artifact)
    if finding.faults:
        return finding
    text = (evidence.settings.home / artifact.uri / "schema.pbtxt").read_text()
    digest = sha256(f"{artifact.properties['fleet']}{text}".encode()).hexdigest()
    if schema != f"s-{digest[:10]}":
        return broken(artifact.uri, f"its text does not hash to {schema}")
    return finding


def _validation(evidence: Evidence, deliveries: tuple[Row, ...]) -> Link:
    parts, finding = [], _none(deliveries)
    for row in deliveries:
        anomalies, name = _anomalies(evidence, row), str(row["delivery_id"])
        about = {"delivery": name, "fleet": str(row["fleet"])}
        parts.append(Part(_file_name(row), _judged(anomalies, row), about))
        finding += evidence.once("judged", name, partial(_checked, evidence, row, anomalies))
    return link("validation", "Validation", parts, finding)


def _anomalies(evidence: Evidence, row: Row) -> Artifact | None:
    """The verdict on a delivery: of the run that took it in, or of one that retried it."""
    name = str(row["delivery_id"])
    found = evidence.artifact("ExampleAnomalies", f"{name}.{row['run_id']}")
    if found is not None:
        return found
    others = evidence.artifacts("ExampleAnomalies")
    return next((each for each in others if each.name.rpartition(".")[0] == name), None)


def _judged(anomalies: Artifact | None, row: Row) -> str:
    if anomalies is None:
        return str(row["state"])
    told = anomalies.properties
    counts = f"{told['errors']} errors, {told['warnings']} warnings"
    verdict = "passed" if told["blessed"] else f"blocked, now {row['state']}"
    reason = f": {row['reason']}" if row["reason"] and not told["blessed"] else ""
    return f"{verdict} ({counts}){reason}"


def _checked(evidence: Evidence, row: Row, anomalies: Artifact | None) -> Finding:
    """Verdict and statistics as they were published, and as many findings as were recorded."""
    name = str(row["delivery_id"])
    if anomalies is None:
        return unknown(f"ML Metadata has no verdict on {name} (a stream records once a minute)")
    finding = evidence.folder(anomalies)
    statistics = evidence.artifact("ExampleStatistics", name)
    if statistics is not None:
        finding += evidence.folder(statistics)
    if finding.faults:
        return finding
    told = json.loads((evidence.settings.home / anomalies.uri / "findings.json").read_text())
    counts = [sum(each["severity"] == kind for each in told) for kind in ("error", "warning")]
    recorded = [anomalies.properties["errors"], anomalies.properties["warnings"]]
    if counts != recorded:
        return broken(anomalies.uri, f"ML Metadata has {recorded}, it has {counts} findings")
    return finding
