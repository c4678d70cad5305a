"""A stream that is killed again and again, and what it has to end with."""

import json
import os
import random
import signal
from pathlib import Path

import polars as pl

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


def write_parts(folder: Path) -> Path:
    """A fleet in service as 50 files whose ends overlap, and a line that is no record."""
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


def load(home: Path, parts: Path) -> Path:
    """Take all files into a home in one batch load."""
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
