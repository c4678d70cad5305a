"""Every component on both engines: the same files, requests and people's words, the same tables."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from lakehouse.contract import Table
from lakehouse.engines.local import LocalEngine
from lakehouse.engines.spark import SparkEngine
from lakehouse.lake import Lake
from lakehouse.metadata import Metadata
from lakehouse.tables import TABLES
from lakehouse.validation.files import read_statistics
from lakehouse.validation.views import FeatureView, feature_views
from pipeline.sources.simulator import simulate
from tests.pipeline.command import FAST, document
from tests.pipeline.oracle import NAMED_BY_RUNS, assert_sound

# Both engines live through everything in the fixture.
pytestmark = [pytest.mark.spark, pytest.mark.timeout(1800)]
TOLERANCE = 1e-9
ENGINES = ("local", "spark")
# Bronze knows records by delivery and line, and deliveries are named by runs.
PLACES = {
    "bronze/deliveries": ("fleet", "kind", "sha256"),
    "bronze/readings": ("fleet", "engine", "cycle", "line", "sensor_2"),
    "bronze/failures": ("fleet", "engine", "cycle", "origin"),
    "bronze/corrections": ("fleet", "engine", "cycle", "column", "action"),
    "bronze/quarantine": ("reason", "line", "raw"),
    "quality/anomalies": ("fleet", "type", "column", "engine", "first_cycle", "detail"),
    "quality/schemas": ("fleet", "state", "schema_id"),
    "gold/predictions": ("fleet", "engine", "cycle", "model_id", "input_digest"),
}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A simulated fleet, one file of it delivered late, with faults of every kind in its lines."""
    folder = tmp_path_factory.mktemp("files")
    history, in_service, truth = (Path(d.source) for d in simulate(folder / "made", 40, seed=5))
    lines = in_service.read_text().splitlines()
    late = lines[10:13]
    odd = lines[40].split(maxsplit=25)
    broken = [" ".join([*odd[:7], word, *odd[8:]]) for word in ("NaN", "inf", "many")]
    (folder / "train_FD901.txt").write_bytes(history.read_bytes())
    (folder / "RUL_FD901.txt").write_bytes(truth.read_bytes())
    rest = [line for number, line in enumerate(lines) if number not in (*range(10, 13), 40)]
    (folder / "test_FD901.txt").write_text("\n".join([*rest, broken[0], broken[2], rest[0]]) + "\n")
    (folder / "late.txt").write_text("\n".join([*late, broken[1], lines[20]]) + "\n")
    return folder


def lived(home: Path, files: Path) -> dict[str, Any]:
    """Everything that a lake goes through, by the command line."""
    nasa_named = [str(files / f"{kind}_FD901.txt") for kind in ("train", "test", "RUL")]
    document(home, "ingest", *nasa_named, code=3)
    document(home, "correct", "FD901/test-003@5-6", "--withdraw", "--reason", "test")
    trained: dict[str, Any] = document(home, "retrain", *FAST)
    late = str(files / "late.txt")
    document(home, "ingest", late, "--fleet", "FD901", "--kind", "in_service")
    document(home, "correct", "FD901/test-003@3", "sensor_4=1300", "--reason", "test")
    said = next(row for row in document(home, "engines") if row["state"] == "in_service")
    place = f"FD901/{said['engine']}@{said['prediction']['cycle'] + 2}"
    document(home, "report", "failure", place, "--reason", "test")
    trained["scored"] = document(home, "score", "--all-cycles")["rows"]
    document(home, "retrain", *FAST, "--set", "depth=3")
    other = next(model["model_id"] for model in document(home, "models") if not model["live"])
    trained["promoted"] = document(home, "promote", other, "--reason", "test")["promoted"]
    return trained


@pytest.fixture(scope="module")
def homes(
    tmp_path_factory: pytest.TempPathFactory, files: Path, spark_engine: SparkEngine
) -> dict[str, tuple[Path, dict[str, Any]]]:
    """By engine: a home that has lived, and what its retrain said."""
    found = {}
    assert spark_engine.spark is not None
    with pytest.MonkeyPatch.context() as patch:
        for engine in ENGINES:
            patch.setenv("STILLWATER_ENGINE", engine)
            home = tmp_path_factory.mktemp(engine) / "var"
            found[engine] = home, lived(home, files)
    return found


def rows(home: Path, table: Table) -> pl.DataFrame:
    """All rows, without what is named by runs or times, in the order of their key."""
    frame: pl.DataFrame = Lake(home / "lake", LocalEngine()).scan(table.name).collect().to_native()
    frame = frame.drop(column for column in NAMED_BY_RUNS if column in frame.columns)
    return frame.select(sorted(frame.columns)).sort(*PLACES.get(table.name, table.key))


def assert_equal(mine: pl.DataFrame, theirs: pl.DataFrame) -> None:
    """Keys, integers and texts to the letter, floats to 1e-9."""
    assert mine.schema == theirs.schema
    assert mine.height == theirs.height
    for name, kind in mine.schema.items():
        if not kind.is_float():
            assert mine[name].equals(theirs[name], null_equal=True), name
            continue
        assert mine[name].is_null().equals(theirs[name].is_null()), name
        same = mine[name].is_finite() | mine[name].is_null()
        assert same.equals(theirs[name].is_finite() | theirs[name].is_null()), name
        apart = (mine[name] - theirs[name]).abs() <= TOLERANCE * theirs[name].abs().clip(1.0)
        assert apart.filter(mine[name].is_finite().fill_null(False)).all(), name


@pytest.mark.parametrize("table", [t for t in TABLES.values() if t.is_data], ids=lambda t: t.name)
def test_every_table_is_equal(homes: dict[str, tuple[Path, Any]], table: Table) -> None:
    """Whatever wrote it; a correction lets a fleet's normals go until they are worked out anew."""
    local, spark = (rows(homes[engine][0], table) for engine in ENGINES)
    assert_equal(local, spark)
    assert local.height or table.name in {"bronze/truth", "quality/normals"}


def test_the_decisions_are_the_same(homes: dict[str, tuple[Path, Any]]) -> None:
    """Model, blessing, reasons and metrics of the local learner on either engine."""
    local, spark = (homes[engine][1] for engine in ENGINES)
    assert local["model_id"] == spark["model_id"]
    assert local["pushed"]
    for name in ("blessed", "pushed", "reasons", "scored", "promoted"):
        assert local[name] == spark[name], name
    resources = ("fit_seconds", "peak_memory_mb")
    for name, value in local["metrics"].items():
        assert name in resources or spark["metrics"][name] == pytest.approx(value, rel=1e-9), name


def test_the_records_are_the_same(homes: dict[str, tuple[Path, Any]]) -> None:
    """The same steps, with the same tables, versions and row counts in ML Metadata."""
    told = [recorded(homes[engine][0]) for engine in ENGINES]
    assert told[0] == told[1]
    for engine in ENGINES:
        assert_sound(homes[engine][0])


def test_the_statistics_are_the_same(homes: dict[str, tuple[Path, Any]]) -> None:
    """Counts, types and frequent values to the letter; moments and histograms to 1e-9."""
    local, spark = (described(homes[engine][0]) for engine in ENGINES)
    assert len(local) == len(spark) >= 3
    for mine, theirs in zip(local, spark, strict=True):
        for ours, other in zip(mine, theirs, strict=True):
            assert numbers(ours) == pytest.approx(numbers(other), rel=TOLERANCE, nan_ok=True), (
                ours.name
            )
            assert text(ours) == text(other)


def described(home: Path) -> list[tuple[FeatureView, ...]]:
    """The statistics of every delivery, in the order of their arrival."""
    metadata = Metadata(home / "metadata.sqlite")
    folders = [home / artifact.uri for artifact in metadata.artifacts("ExampleStatistics")]
    files = [next(folder.glob("Split-*/FeatureStats.pb")) for folder in folders]
    return [feature_views(read_statistics(file.read_bytes())) for file in files]


def numbers(view: FeatureView) -> list[float]:
    moments = [view.mean, view.std, view.min, view.median, view.max]
    buckets = [v for b in (*view.histogram, *view.quantiles) for v in (b.low, b.high, b.count)]
    return [float(value) for value in (*moments, *buckets) if value is not None]


def text(view: FeatureView) -> tuple[object, ...]:
    return view.name, view.type, view.count, view.missing, view.zeros, view.unique, view.top_values


def recorded(home: Path) -> list[tuple[object, ...]]:
    metadata = Metadata(home / "metadata.sqlite")
    return [
        (artifact.type, artifact.name, artifact.properties.get("row_count"))
        for kind in ("Examples", "InferenceResult")
        for artifact in metadata.artifacts(kind)
    ]


def test_large_tables_were_written_by_the_engine(homes: dict[str, tuple[Path, Any]]) -> None:
    """On Spark, silver and features come from Spark: no parity of one engine with itself."""
    log = homes["spark"][0] / "lake" / "silver" / "readings" / "_delta_log"
    commits = [path.read_text() for path in sorted(log.glob("*.json"))]
    assert any("Apache-Spark" in commit for commit in commits)
    features = homes["spark"][0] / "lake" / "gold" / "features" / "_delta_log"
    assert any("Apache-Spark" in path.read_text() for path in features.glob("*.json"))
