"""A stream takes everything once, wherever it is killed, and ends with what a batch load gives."""

import json
import os
import random
import signal
from pathlib import Path

import polars as pl
import pytest

from lakehouse.engines.local import LocalEngine
from lakehouse.lake import Lake
from lakehouse.metadata import Metadata
from lakehouse.requests import StreamRequest
from lakehouse.tables import DELIVERIES
from pipeline.sources.simulator import simulate
from tests.conftest import SHORT_LIVED
from tests.pipeline.command import document, stillwater
from tests.pipeline.oracle import assert_sound, tables

FILES = 50
# Every moment at which a batch may be half done, with how often it is reached in one.
POINTS = {
    "stream.planned": 1, "stream.before_batch": 1, "ExampleGen.after_commit": 8,
    "ExampleGen.after_batch": 1, "Clean.after_commit": 3, "Clean.after_batch": 1,
    "BulkInferrer.after_commit": 1, "BulkInferrer.after_batch": 1, "stream.after_batch": 1,
    "stream.before_done": 1,
}  # fmt: skip
# Spark plans in its own log; these are points of our own code.
ON_SPARK = {
    name: most
    for name, most in POINTS.items()
    if name not in ("stream.planned", "stream.before_done")
}
KILLS = {"local": 20, "spark": int(os.environ.get("STILLWATER_TEST_SPARK_KILLS", "2"))}
SAME = ("bronze/readings", "silver/readings", "gold/engine_status", "bronze/quarantine")


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fleet in service as 50 files whose ends overlap, and a line that is no record."""
    folder = tmp_path_factory.mktemp("parts")
    in_service = Path(simulate(folder / "made", 40, seed=3)[1].source)
    lines = in_service.read_text().splitlines()
    size, chance = len(lines) // FILES + 1, random.Random(1)
    (folder / "files").mkdir()
    for number in range(FILES):
        first = max(0, number * size - chance.randint(0, size))
        text = "\n".join(lines[first : (number + 1) * size + chance.randint(0, size)])
        if number == 7:
            text += "\n1 2 not a record"
        (folder / "files" / f"part-{number:02}.txt").write_text(text + "\n")
    return folder / "files"


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory, parts: Path) -> Path:
    """A home that took all files in one batch load."""
    home = tmp_path_factory.mktemp("loaded") / "var"
    words = [str(path) for path in sorted(parts.iterdir())]
    document(home, "ingest", *words, "--fleet", "SIM", "--kind", "in_service", code=3)
    return home


def without_ids(frame: pl.DataFrame) -> pl.DataFrame:
    # Line numbers and counts are those of the files, which are the same; flags stand as they are.
    columns = [name for name in frame.columns if name not in ("silver_version",)]
    return frame.select(columns).sort(columns)


def assert_equal_load(home: Path, loaded: Path) -> None:
    mine, theirs = tables(home), tables(loaded)
    for name in SAME:
        assert without_ids(mine[name]).equals(without_ids(theirs[name]), null_equal=True), name
    deliveries = mine[DELIVERIES.name]
    assert deliveries["state"].unique().to_list() == ["accepted"]
    assert deliveries.height == deliveries["sha256"].n_unique() == FILES
    assert_sound(home)


def stream(home: Path, drop: Path, engine: str, failpoint: str | None = None) -> int:
    words = ("stream", str(drop), "--fleet", "SIM", "--kind", "in_service", "--once")
    extra = {
        "STILLWATER_ENGINE": engine,
        "STILLWATER_SPARK__MASTER": "local[2]",
        "STILLWATER_SPARK__PARTITIONS": "2",
        "STILLWATER_SPARK__CONF": json.dumps(SHORT_LIVED),
    }
    done = stillwater(home, *words, failpoint=failpoint, environment=extra, timeout=900)
    assert done.returncode in (0, -signal.SIGKILL), done.stderr[-3000:]
    return done.returncode


def killed_again_and_again(
    home: Path, parts: Path, drop: Path, engine: str, points: dict[str, int]
) -> None:
    """Files arrive in random order and numbers; each run but the last is killed somewhere."""
    chance = random.Random(engine)
    waiting = sorted(parts.iterdir())
    chance.shuffle(waiting)
    drop.mkdir()
    for left in range(KILLS[engine], 0, -1):
        for _ in range(max(1, len(waiting) // left)):
            if waiting:
                arrive(waiting.pop(), drop)
        point = chance.choice(sorted(points))
        when = chance.randint(1, points[point])
        assert stream(home, drop, engine, f"{point}:kill:{when}") == -signal.SIGKILL, (point, when)
    assert not waiting
    assert stream(home, drop, engine) == 0


def arrive(path: Path, drop: Path) -> None:
    aside = drop / f".{path.name}"
    aside.write_bytes(path.read_bytes())
    aside.rename(drop / path.name)


@pytest.mark.fault
@pytest.mark.timeout(1200)
def test_a_stream_killed_at_twenty_points_equals_one_batch_load(
    tmp_path: Path, parts: Path, loaded: Path
) -> None:
    """Fifty files in random order, overlapping: nothing lost, nothing doubled."""
    killed_again_and_again(tmp_path / "var", parts, tmp_path / "drop", "local", POINTS)
    assert_equal_load(tmp_path / "var", loaded)


@pytest.mark.fault
@pytest.mark.spark
@pytest.mark.timeout(3000)
def test_a_spark_stream_killed_equals_one_batch_load(
    tmp_path: Path, parts: Path, loaded: Path
) -> None:
    """The same through Structured Streaming and its checkpoint."""
    killed_again_and_again(tmp_path / "var", parts, tmp_path / "drop", "spark", ON_SPARK)
    assert_equal_load(tmp_path / "var", loaded)


def test_what_was_taken_never_comes_again(tmp_path: Path, parts: Path) -> None:
    """A second run of the same stream goes on behind the first; bad files stop nothing."""
    home, drop = tmp_path / "var", tmp_path / "drop"
    drop.mkdir()
    words = ("stream", str(drop), "--fleet", "SIM", "--kind", "in_service", "--once")
    for name in ("part-00.txt", "part-01.txt"):
        arrive(parts / name, drop)
    (drop / "README.md").write_text("not data")
    assert document(home, *words)["rows"] > 0
    again = document(home, *words)
    assert (again["batches"], again["rows"]) == (0, 0)
    arrive(parts / "part-02.txt", drop)
    third = document(home, *words)
    assert third["deliveries"] == {"accepted": 1}
    assert_sound(home)


def test_a_batch_is_recorded_with_its_tables(tmp_path: Path, parts: Path) -> None:
    """Every node of the stream's run has an execution that names versions and hashes."""
    home, drop = tmp_path / "var", tmp_path / "drop"
    drop.mkdir()
    arrive(parts / "part-00.txt", drop)
    words = ("stream", str(drop), "--fleet", "SIM", "--kind", "in_service", "--once")
    run_id = document(home, *words)["run_id"]
    metadata = Metadata(home / "metadata.sqlite")
    steps = {step.node: step for step in metadata.run(run_id)}
    assert list(steps) == list(StreamRequest.nodes)
    written = {u.artifact.properties["delta_table"] for u in metadata.outputs(steps["Clean"])}
    assert "silver/readings" in written
    validated = {used.artifact.type for used in metadata.inputs(steps["ExampleValidator"])}
    assert {"ExampleStatistics", "Schema"} <= validated
    hashed = Lake(home / "lake", LocalEngine()).scan("ops/files").collect("polars").to_native()
    assert "silver/readings" in hashed["table"].to_list()
