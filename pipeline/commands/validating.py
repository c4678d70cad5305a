"""The verb `validate`: what is wrong with a file, before anything of it is taken in."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import click
import narwhals as nw
import polars as pl

from lakehouse.profiles.turbofan import PROFILE
from lakehouse.validation import files
from lakehouse.validation.finding import Finding
from lakehouse.validation.protos import Schema, Statistics
from pipeline.commands.output import Exit, fail, json_option, show
from pipeline.components.example_validator import example_validator
from pipeline.components.schema_gen import schema_gen
from pipeline.components.statistics_gen import statistics_gen
from pipeline.components.table_series import series_findings
from pipeline.sources.faults import SourceError, UnreadableError
from pipeline.sources.table_csv import read_table, tables

_SHOWN = ("severity", "type", "column", "engine", "first_cycle", "last_cycle", "detail", "path")
# They move with every flight: no drift.
_KEYS = ("engine", "cycle")
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@dataclass(frozen=True)
class Expected:
    """What files are held against.

    Attributes:
        schema: what they should look like; None where nothing says it.
        is_reviewed: a person has accepted the schema. The limits of one that was only inferred
            are guesses, so that what breaks them is a warning.
        previous: statistics of the data before.
        training: statistics of the data that a model learnt from.
        history: rows of either, for the time-series checks.
    """

    schema: Schema | None
    is_reviewed: bool
    previous: Statistics | None
    training: Statistics | None
    history: pl.DataFrame | None


@click.command()
@click.argument(
    "paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@click.option("--schema", type=_FILE, help="what the files should look like (schema.pbtxt)")
@click.option("--previous", type=_FILE, help="the data before: a table or FeatureStats.pb; drift")
@click.option("--training", type=_FILE, help="the data that a model learnt from; skew")
@click.option(
    "--write",
    type=click.Path(file_okay=False, path_type=Path),
    help="folder for FeatureStats.pb, schema.pbtxt and SchemaDiff.pb of the one file",
)
@json_option
def validate(
    paths: tuple[Path, ...], write: Path | None, as_json: bool, **against: Path | None
) -> None:
    """Look for anomalies in tables (.csv, NASA's files); nothing is taken in."""
    try:
        found = tables(paths)
        expected = _expected(**against)
    except (SourceError, ValueError, UnreadableError) as error:
        fail(str(error), Exit.USAGE)
    if write is not None and len(found) > 1:
        fail("--write: one file expected", Exit.USAGE)
    rows = [row for path in found for row in _rows(path, _validate(path, expected, write))]
    verdict = verdict_of(row["severity"] for row in rows)
    document = {"verdict": verdict, "files": [str(path) for path in found], "anomalies": rows}
    show(document, as_json, "\n".join([*map(_text, rows), verdict]))
    if verdict == "error":
        raise SystemExit(int(Exit.BAD_DATA))


def verdict_of(severities: Iterable[str]) -> str:
    """The worst of some severities; ``ok`` where there is none."""
    there = set(severities)
    return next((worst for worst in ("error", "warning") if worst in there), "ok")


def _rows(path: Path, findings: Sequence[Finding]) -> list[dict[str, Any]]:
    return [{name: (asdict(f) | {"path": str(path)})[name] for name in _SHOWN} for f in findings]


def _text(row: dict[str, Any]) -> str:
    where = [row["column"], row["engine"] and f"{row['engine']}@{row['first_cycle']}"]
    at = " ".join(filter(None, where))
    return f"{row['path']}: {row['severity']}: {row['type']}{at and f' ({at})'}: {row['detail']}"


def _expected(schema: Path | None, previous: Path | None, training: Path | None) -> Expected:
    before, earlier = (None, None) if previous is None else _statistics(previous)
    learnt, taught = (None, None) if training is None else _statistics(training)
    history = earlier if taught is None else taught
    if schema is not None:
        try:
            reviewed = files.read_schema(schema.read_text())
        except ValueError as error:
            raise ValueError(f"{schema}: {error}") from None
        return Expected(reviewed, True, before, learnt, history)
    normal = learnt or before
    inferred = None if normal is None else schema_gen(normal, leave_out=_KEYS).schema
    return Expected(inferred, False, before, learnt, history)


def _statistics(path: Path) -> tuple[Statistics, pl.DataFrame | None]:
    if path.suffix != ".pb":
        frame = read_table(path)
        return statistics_gen(_lazy(frame)), frame
    try:
        return files.read_statistics(path.read_bytes()), None
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def _validate(path: Path, expected: Expected, write: Path | None) -> tuple[Finding, ...]:
    try:
        frame = read_table(path)
    except UnreadableError as error:
        return (Finding("error", error.fault.reason.value, error.fault.detail),)
    statistics = statistics_gen(_lazy(frame))
    schema = expected.schema or schema_gen(statistics).schema
    validated = example_validator(statistics, schema, expected.previous, expected.training)
    if write is not None:
        write.mkdir(parents=True, exist_ok=True)
        (write / files.STATISTICS).write_bytes(files.statistics_bytes(statistics))
        (write / files.SCHEMA).write_text(files.schema_text(schema))
        (write / files.ANOMALIES).write_bytes(files.anomalies_bytes(validated.anomalies))
    weighed = [_weighed(finding, expected) for finding in validated.findings]
    return (*weighed, *series_findings(frame, expected.history, PROFILE))


def _weighed(finding: Finding, expected: Expected) -> Finding:
    if expected.is_reviewed or not finding.type.startswith("COMPARATOR_"):
        return finding
    return replace(finding, severity="warning")


def _lazy(frame: pl.DataFrame) -> nw.LazyFrame[Any]:
    return nw.from_native(frame.lazy())
